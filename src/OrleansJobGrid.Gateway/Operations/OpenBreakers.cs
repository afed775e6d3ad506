using OrleansJobGrid.Contracts.Operations;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>A service instance and how many workers have their breaker for it open; 0 as well, so that an alert can see it close.</summary>
internal sealed record OpenBreakers(string Instance, string Service, int Workers)
{
    public static IReadOnlyList<OpenBreakers> Of(IReadOnlyList<WorkerView> workers) =>
    [
        .. workers.SelectMany(w => w.Instances)
            .GroupBy(i => (i.Instance, i.Service))
            .OrderBy(g => g.Key.Instance, StringComparer.Ordinal)
            .Select(g => new OpenBreakers(g.Key.Instance, g.Key.Service, g.Count(i => i.Breaker is { State: "open" }))),
    ];
}
