using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// What a worker has at a moment. Models of a service for which its settings declare none are those that its instances name; what its settings
/// declare and every instance of the service was found to lack, it does not have.
/// </summary>
internal sealed class WorkerInventory
{
    private readonly DeclaredCapabilities _declared;
    private readonly IReadOnlyList<IExternalConnector> _services;
    private readonly InstanceProofs? _proofs;
    private readonly Lock _lock = new();
    private DeclaredCapabilities _now;
    private long _version = -1;

    public WorkerInventory(DeclaredCapabilities declared, IEnumerable<IConnector> connectors, InstanceProofs? proofs)
    {
        _now = _declared = declared;
        (_services, _proofs) = ([.. connectors.OfType<IExternalConnector>()], proofs);
    }

    /// <summary>The very same object until something changes.</summary>
    public DeclaredCapabilities Now
    {
        get
        {
            if (_proofs is null || _services.Count == 0)
                return _declared;
            lock (_lock)
            {
                // Read first: what changes meanwhile is found by the next look.
                var version = _proofs.Version;
                if (version == _version)
                    return _now;
                _version = version;
                var made = new DeclaredCapabilities(Make(_declared.Value, _proofs));
                return made.Key == _now.Key ? _now : _now = made;
            }
        }
    }

    private WorkerCapabilities Make(WorkerCapabilities declared, InstanceProofs proofs)
    {
        var models = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (service, names) in declared.Models ?? new Dictionary<string, IReadOnlyList<string>>())
            models.Add(service, names);
        var lackedNodes = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var service in _services)
        {
            var instances = service.Instances.Select(i => i.Id).ToList();
            var lacked = instances.Select(proofs.LackedBy).Aggregate((a, b) => a.Intersect(b, StringComparer.OrdinalIgnoreCase)).ToList();
            lackedNodes.UnionWith(lacked);
            if (models.TryGetValue(service.Service, out var own))
                models[service.Service] = Without(own, lacked) ?? [];
            else if (!models.ContainsKey("*"))
                models[service.Service] = [.. instances.SelectMany(proofs.ModelsOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        }

        foreach (var none in models.Where(m => m.Value.Count == 0).Select(m => m.Key).ToList())
            models.Remove(none);
        return declared with { Models = models.Count == 0 ? null : models, CustomNodes = Without(declared.CustomNodes, lackedNodes) };
    }

    private static List<string>? Without(IReadOnlyList<string>? names, IEnumerable<string> lacked) =>
        names?.Except(lacked, StringComparer.OrdinalIgnoreCase).ToList() is { Count: > 0 } left ? left : null;
}
