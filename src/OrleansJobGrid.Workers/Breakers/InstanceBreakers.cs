using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Breakers;

/// <summary>The circuit breakers of the instances that this worker reaches, and, by its name, of each service that it does on its own GPU; they outlive its sessions.</summary>
internal sealed class InstanceBreakers(IOptions<WorkerOptions> options, TimeProvider time, ILogger<InstanceBreakers> logger, InstanceProofs? proofs = null)
{
    private readonly ConcurrentDictionary<string, InstanceBreaker> _breakers = new(StringComparer.Ordinal);

    /// <summary>Whether an instance may be used now: it was proved, and its breaker lets through.</summary>
    public bool LetsThrough(string instance) => proofs?.Allows(instance) != false && Of(instance).LetsThrough;

    /// <summary>The breaker that an attempt on the worker's own GPU stands behind; null: it is outside, or has no GPU.</summary>
    public InstanceBreaker? OwnOf(Attempt attempt) =>
        attempt.Gpu is not null && attempt.Connector.Location != WorkLocation.External ? Of(attempt.Grant.Service) : null;

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
