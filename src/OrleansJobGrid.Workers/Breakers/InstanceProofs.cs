using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Breakers;

/// <summary>
/// What the services outside were found to be able to do and to have, by asking each instance before its first job and again each minute. One
/// that could not be asked yet gets no job; one that could, and does not answer any more, is its breaker's matter.
/// </summary>
internal sealed class InstanceProofs
{
    /// <summary>Names come from jobs, so there must be an end to them.</summary>
    private const int MaxLacked = 1_000;

    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AgainAfterFault = TimeSpan.FromSeconds(5);
    private static readonly ImmutableHashSet<string> Nothing = ImmutableHashSet.Create<string>(StringComparer.OrdinalIgnoreCase);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly List<(string Instance, IExternalConnector Connector)> _instances;
    private readonly ConcurrentDictionary<string, InstanceHealth> _health;
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _models = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ImmutableHashSet<string>> _lacked = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _hurried = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _version;

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

    /// <summary>Raised when what an instance has or lacks changes.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>The models that an instance names; empty: none, or it does not tell.</summary>
    public IReadOnlyList<string> ModelsOf(string instance) => _models.GetValueOrDefault(instance) ?? [];

    /// <summary>Names of models and nodes that an instance refused as missing since its boot, and does not list.</summary>
    public IEnumerable<string> LackedBy(string instance) => _lacked.GetValueOrDefault(instance) ?? Nothing;

    /// <summary>A job failed for what an instance lacks: its names, where they are known, go from what its workers declare, and it is asked anew.</summary>
    public void Lacks(string instance, IReadOnlyList<string> names)
    {
        if (!_health.ContainsKey(instance))
            return;
        var added = false;
        _lacked.AddOrUpdate(instance, _ => Add(Nothing), (_, known) => Add(known));
        if (added)
            Interlocked.Increment(ref _version);
        if (_hurried.TryRemove(instance, out var waiting))
            waiting.TrySetResult();

        ImmutableHashSet<string> Add(ImmutableHashSet<string> known)
        {
            var with = known.Union(names.Take(MaxLacked - Math.Min(known.Count, MaxLacked)));
            added = with.Count > known.Count;
            return with;
        }
    }

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
            Learn(instance, proof, rebooted: before.BootMark != health.BootMark);
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
            var hurried = _hurried.GetOrAdd(instance, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            await Prove(instance, connector, over);
            using var waited = CancellationTokenSource.CreateLinkedTokenSource(over);
            await Task.WhenAny(hurried, Task.Delay(_health[instance].Fault is null ? Again : AgainAfterFault, _time, waited.Token));
            await waited.CancelAsync();
        }
    }

    /// <summary>What it lists it does not lack, and a new boot may have brought what was missing.</summary>
    private void Learn(string instance, InstanceProof proof, bool rebooted)
    {
        var changed = !ModelsOf(instance).SequenceEqual(proof.Models, StringComparer.Ordinal);
        _models[instance] = proof.Models;
        if (_lacked.TryGetValue(instance, out var lacked) && !lacked.IsEmpty)
        {
            var left = rebooted ? Nothing : lacked.Except(proof.Models);
            changed |= left.Count != lacked.Count && _lacked.TryUpdate(instance, left, lacked);
        }

        if (changed)
            Interlocked.Increment(ref _version);
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
