using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Breakers;

/// <summary>
/// What the services outside were found to be able to do, by asking each instance before its first job and again each minute. One that could
/// not be asked yet gets no job; one that could, and does not answer any more, is its breaker's matter.
/// </summary>
internal sealed class InstanceProofs
{
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AgainAfterFault = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly List<(string Instance, IExternalConnector Connector)> _instances;
    private readonly ConcurrentDictionary<string, InstanceHealth> _health;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public InstanceProofs(IEnumerable<IConnector> connectors, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _instances = [.. connectors.OfType<IExternalConnector>().SelectMany(c => c.Instances, (c, i) => (i.Id, c))];
        _health = new(_instances.Select(i => KeyValuePair.Create(i.Instance, new InstanceHealth { State = InstanceHealth.Unproved, Since = Now })), StringComparer.Ordinal);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Whether jobs may be claimed for it.</summary>
    public bool Allows(string instance) => _health.GetValueOrDefault(instance)?.State != InstanceHealth.Unproved;

    /// <summary>What is known of these.</summary>
    public IReadOnlyDictionary<string, InstanceHealth> Of(IEnumerable<string> instances) =>
        instances.Where(_health.ContainsKey).ToDictionary(i => i, i => _health[i], StringComparer.Ordinal);

    /// <summary>Asks each, until <paramref name="over"/>.</summary>
    public Task Run(CancellationToken over) => Task.WhenAll(_instances.Select(i => Watch(i.Instance, i.Connector, over)));

    /// <summary>Asks one once.</summary>
    public async Task Prove(string instance, IExternalConnector connector, CancellationToken over)
    {
        var before = _health[instance];
        using var limit = new CancellationTokenSource(Limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, over);
        try
        {
            var proof = await connector.ProveAsync(instance, either.Token).WaitAsync(either.Token);
            var health = HealthOf(proof, before);
            _health[instance] = health;
            if (before.State != health.State || before.BootMark != health.BootMark || !before.Capabilities.SequenceEqual(health.Capabilities))
                Say(instance, health);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The worker leaves.
        }
        catch (Exception e)
        {
            var fault = limit.IsCancellationRequested ? $"it did not answer within {Limit.TotalSeconds:0.#} s." : e.Message;
            if (before.State == InstanceHealth.Unproved && before.Fault != fault)
                _logger.NotProved(instance, fault);
            _health[instance] = before with { Fault = fault };
        }
    }

    private async Task Watch(string instance, IExternalConnector connector, CancellationToken over)
    {
        // A connector that does all of it at once must not hold up the others.
        await Task.Yield();
        while (!over.IsCancellationRequested)
        {
            await Prove(instance, connector, over);
            await Task.WhenAny(Task.Delay(_health[instance].Fault is null ? Again : AgainAfterFault, _time, over));
        }
    }

    private InstanceHealth HealthOf(InstanceProof proof, InstanceHealth before)
    {
        var state = proof.Proved ? InstanceHealth.Proved : InstanceHealth.Stated;
        return new()
        {
            State = state,
            Capabilities = NamesOf(proof.Capabilities),
            Version = proof.Version,
            BootMark = proof.BootMark,
            Models = proof.Capabilities.HasFlag(ServiceCapabilities.ModelList) ? proof.Models.Count : null,
            Since = before.State == state && before.BootMark == proof.BootMark ? before.Since : Now,
        };
    }

    private void Say(string instance, InstanceHealth health)
    {
        _logger.Proved(
            instance, health.State, health.Version ?? "unknown", health.BootMark ?? "unknown", health.Models?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown",
            string.Join(", ", health.Capabilities));
        foreach (var cost in CapabilityNames.Costs(health.Capabilities))
            _logger.Costs(instance, cost);
    }

    private static List<string> NamesOf(ServiceCapabilities capabilities) =>
    [
        .. Enum.GetValues<ServiceCapabilities>()
            .Where(c => c != ServiceCapabilities.None && capabilities.HasFlag(c))
            .Select(c => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(c.ToString())),
    ];
}
