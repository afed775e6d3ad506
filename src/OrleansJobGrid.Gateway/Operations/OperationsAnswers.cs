using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>The workers.</summary>
internal sealed record WorkerListAnswer(bool Success, IReadOnlyList<WorkerDocument> Workers, string? NextCursor, IsoTime Timestamp);

/// <summary>A worker; its state is active, draining, drained, lost (its lease ended) or offline (registered, without a session).</summary>
internal sealed record WorkerDocument(
    string WorkerId,
    string Node,
    IReadOnlyList<string> Services,
    int Slots,
    IReadOnlyList<string> Jobs,
    string State,
    IsoTime? LeaseExpiresAt,
    IsoTime? StartedAt,
    string Version,
    string? SessionId,
    IReadOnlyList<InstanceDocument> Instances,
    RawJson Capabilities,
    GpuDocument? Gpu,
    IReadOnlyList<string> LoadedModels,
    long ModelLoads,
    IsoTime LastSeenAt,
    string? DrainReason,
    IReadOnlyList<string> Doubts,
    IReadOnlyList<ConnectorDocument> Connectors)
{
    public static WorkerDocument Of(WorkerView w) =>
        new(w.WorkerId, w.Node, w.Services, w.Slots, w.Jobs, w.State, Moment(w.LeaseExpiresAt), Moment(w.StartedAt), w.Version, w.SessionId.Length == 0 ? null : w.SessionId,
            [.. w.Instances.Select(InstanceDocument.Of)], new RawJson(w.Capabilities is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : null, Checked: false),
            w.Gpu is { } gpu ? GpuDocument.Of(gpu) : null, w.LoadedModels, w.ModelLoads, new IsoTime(w.LastSeenAt), w.DrainReason, w.Doubts,
            [.. w.Connectors.Select(c => new ConnectorDocument(c.Service, c.Version, c.Assembly))]);

    private static IsoTime? Moment(long ms) => ms == 0 ? null : new IsoTime(ms);
}

/// <summary>A connector that a worker has from an assembly of its own.</summary>
internal sealed record ConnectorDocument(string Service, string Version, string Assembly);

/// <summary>An instance of a service outside that a worker reaches; no breaker: closed, the instance is used; no health: its worker is away.</summary>
internal sealed record InstanceDocument(string Instance, string Service, bool OnThisMachine, BreakerDocument? Breaker, InstanceHealthDocument? Health)
{
    public static InstanceDocument Of(InstanceView i) => new(
        i.Instance, i.Service, i.OnThisMachine, i.Breaker is { } b ? new BreakerDocument(b.State, b.Reason, new IsoTime(b.Since)) : null,
        i.Health is { } h ? InstanceHealthDocument.Of(h) : null);
}

/// <summary>
/// What is known of an instance. proved: it was asked; stated: it cannot be, and its settings are believed; unproved: nothing is claimed for
/// it until it answers. costs: what to expect, since it lacks something.
/// </summary>
internal sealed record InstanceHealthDocument(
    string State, IsoTime Since, IReadOnlyList<string> Capabilities, IReadOnlyList<string> Costs, string? Version, string? BootMark, int? Models, string? Fault)
{
    public static InstanceHealthDocument Of(InstanceHealth h) => new(
        h.State, new IsoTime(h.Since), h.Capabilities, h.State == InstanceHealth.Unproved ? [] : CapabilityNames.Costs(h.Capabilities), h.Version, h.BootMark, h.Models, h.Fault);
}

/// <summary>A breaker that is not closed. open: nothing is claimed for the instance; half_open: one attempt is let through.</summary>
internal sealed record BreakerDocument(string State, string Reason, IsoTime Since);

/// <summary>The queues.</summary>
internal sealed record QueueListAnswer(bool Success, IReadOnlyList<QueueDocument> Queues, string? NextCursor, IsoTime Timestamp);

/// <summary>A queue: its jobs that are ready, the workers that wait for one, and since when and why it is paused; null: it gives out jobs.</summary>
internal sealed record QueueDocument(string Name, long Depth, int WaitingWorkers, IsoTime? PausedSince, string? PauseReason)
{
    public static QueueDocument Of(QueueSummary q) => new(q.Name, q.Depth, q.WaitingWorkers, q.Pause is { } pause ? new IsoTime(pause.Since) : null, q.Pause?.Reason);
}

/// <summary>A request about a queue was taken. paused_since: the pause that holds now.</summary>
internal sealed record QueueControlDocument(bool Success, string Queue, string Message, IsoTime? PausedSince, IsoTime Timestamp);

/// <summary>
/// The grid's figures; completed, failed, cancelled and timed_out are counted since the store was made. open_breakers counts a service
/// instance once for each worker whose breaker for it is open.
/// </summary>
internal sealed record MetricsDocument(
    long QueueDepth,
    long Running,
    long Retrying,
    long Reconciling,
    long Paused,
    long Completed,
    long Failed,
    long Cancelled,
    long TimedOut,
    long DeadLetters,
    long Workers,
    double OldestQueuedSeconds,
    double AvgProcessingMs,
    double P95ProcessingMs,
    long OpenBreakers)
{
    public static MetricsDocument Of(GridMetrics m, IReadOnlyList<OpenBreakers> breakers) => new(
        m.QueueDepth, m.Running, m.Retrying, m.Reconciling, m.Paused, m.Completed, m.Failed, m.Cancelled, m.TimedOut, m.DeadLetters, m.Workers,
        m.OldestQueuedSeconds, m.AvgProcessingMs, m.P95ProcessingMs, breakers.Sum(b => b.Workers));
}

/// <summary>The grid's health: ok, degraded or down, with the reasons. The store is null where the grid did not answer.</summary>
internal sealed record HealthDocument(
    string Status, IReadOnlyList<string> Reasons, StoreHealthDocument? Store, IReadOnlyList<string> Roles, string Version, IsoTime Timestamp);

/// <summary>The store, and what an acknowledged write survives.</summary>
internal sealed record StoreHealthDocument(string Kind, string Where, string Durability, IReadOnlyList<StoreFindingDocument> Findings)
{
    public static StoreHealthDocument Of(StoreHealth s) =>
        new(s.Kind, s.Where, s.Durability, [.. s.Findings.Select(f => new StoreFindingDocument(f.Setting, f.Value, f.Warning))]);
}

/// <summary>A setting of the store's server; a null warning: fine as it is.</summary>
internal sealed record StoreFindingDocument(string Setting, string Value, string? Warning);

/// <summary>Whether this process lives, or is ready for requests; if not, why.</summary>
internal sealed record ReadinessDocument(string Status, IReadOnlyList<string> Reasons);
