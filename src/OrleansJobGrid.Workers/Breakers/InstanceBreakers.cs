using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Breakers;

/// <summary>The circuit breakers of the instances that this worker reaches, and, by its name, of each service that it does itself; they outlive its sessions.</summary>
internal sealed class InstanceBreakers(
    IOptions<WorkerOptions> options, TimeProvider time, ILogger<InstanceBreakers> logger, InstanceProofs? proofs = null, string? worker = null)
{
    private readonly ConcurrentDictionary<string, InstanceBreaker> _breakers = new(StringComparer.Ordinal);
    private volatile bool _anyOwn;

    /// <summary>Whether an instance may be used now: it was proved, and its breaker lets through.</summary>
    public bool LetsThrough(string instance) => proofs?.Allows(instance) != false && Of(instance).LetsThrough;

    /// <summary>Whether the machine ever failed a service that the worker does itself; every claim asks.</summary>
    public bool AnyOwn => _anyOwn;

    /// <summary>Whether a service that the worker does itself may be begun now.</summary>
    public bool LetsOwnThrough(string service) => !_breakers.TryGetValue(service, out var own) || own.LetsThrough;

    /// <summary>The breaker that an attempt stands behind; null: its work is outside, or the machine never failed its service.</summary>
    public InstanceBreaker? OwnOf(Attempt attempt) => IsOwn(attempt) ? _breakers.GetValueOrDefault(attempt.Grant.Service) : null;

    /// <summary>The machine failed an attempt; where the work is outside that is its instance's matter.</summary>
    public void OwnFailed(Attempt attempt, string reason)
    {
        if (!IsOwn(attempt))
            return;
        _breakers.GetOrAdd(attempt.Grant.Service, service => Make($"{service} of worker {worker}")).Failed(attempt, reason);
        _anyOwn = true;
    }

    /// <summary>See <see cref="InstanceProofs.Lacks"/>.</summary>
    public void Lacks(string instance, IReadOnlyList<string> names) => proofs?.Lacks(instance, names);

    /// <summary>The breaker of an instance; a new one is closed.</summary>
    public InstanceBreaker Of(string instance) => _breakers.GetOrAdd(instance, Make);

    /// <summary>Those that are not closed, as a heartbeat carries them.</summary>
    public IReadOnlyDictionary<string, BreakerView> Views()
    {
        var views = new Dictionary<string, BreakerView>();
        foreach (var (instance, breaker) in _breakers)
        {
            var (state, reason, since) = breaker.View;
            if (state != BreakerState.Closed)
                views.Add(instance, new(state == BreakerState.Open ? "open" : "half_open", reason, since));
        }

        return views;
    }

    /// <summary>What is known of these instances, as a heartbeat carries it.</summary>
    public IReadOnlyDictionary<string, InstanceHealth> Health(IEnumerable<string> instances) => proofs?.Of(instances) ?? new Dictionary<string, InstanceHealth>();

    private static bool IsOwn(Attempt attempt) => attempt.Connector.Location != WorkLocation.External;

    private InstanceBreaker Make(string instance) => new(
        options.Value.BreakerFailures, options.Value.BreakerWindow, options.Value.BreakerPause, time,
        (state, reason) =>
        {
            if (state == BreakerState.Open)
                logger.BreakerOpened(instance, options.Value.BreakerPause.TotalSeconds, reason);
            else if (state == BreakerState.HalfOpen)
                logger.BreakerHalfOpen(instance);
            else
                logger.BreakerClosed(instance);
        });
}
