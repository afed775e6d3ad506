using OrleansJobGrid.Contracts.Queues;

namespace OrleansJobGrid.Contracts.Operations;

/// <summary>What operators ask: workers, queues, health.</summary>
[Alias("jobgrid.IGridOperationsGrain"), GrainInterfaceType("jobgrid.operations")]
public interface IGridOperationsGrain : IGrainWithIntegerKey
{
    [Alias("Workers")] Task<IReadOnlyList<WorkerView>> Workers();

    [Alias("Queues")] Task<IReadOnlyList<QueueSummary>> Queues();

    /// <summary>The names of all queues that ever held a job, from the store alone: no queue need answer.</summary>
    [Alias("QueueNames")] Task<IReadOnlyList<string>> QueueNames();

    /// <summary>
    /// A queue gives out no jobs until <see cref="ResumeQueue"/>; kept, whatever ends meanwhile. A queue that is paused already stays so since then, with this reason.
    /// </summary>
    /// <param name="queue">Its name; also one that no job was in yet.</param>
    /// <param name="reason">Why, for a person.</param>
    [Alias("PauseQueue")] Task<QueueControlAnswer> PauseQueue(string queue, string reason);

    /// <summary>A queue gives out jobs again.</summary>
    [Alias("ResumeQueue")] Task<QueueControlAnswer> ResumeQueue(string queue);

    [Alias("Health")] Task<GridHealth> Health();

    /// <summary>
    /// A worker is to let its jobs end and to claim no more, until <see cref="Resume"/>. Kept: a worker that comes back drains as well.
    /// </summary>
    /// <param name="workerId">The worker.</param>
    /// <param name="budget">How long its jobs may go on; then they are handed on with their last checkpoint. Null: as long as they take.</param>
    /// <param name="reason">For the log.</param>
    [Alias("Drain")] Task<WorkerControlAnswer> Drain(string workerId, TimeSpan? budget, string reason);

    /// <summary>A worker may claim again.</summary>
    [Alias("Resume")] Task<WorkerControlAnswer> Resume(string workerId);

    /// <summary>Takes a worker that is gone out of the registry; refused while it lives.</summary>
    [Alias("Forget")] Task<WorkerControlAnswer> Forget(string workerId);

    /// <summary>Which registered worker has which models and nodes, and what waiting jobs lack.</summary>
    [Alias("Models")] Task<IReadOnlyList<ModelView>> Models();

    /// <summary>What waits, by capability class, for autoscalers.</summary>
    [Alias("Demand")] Task<IReadOnlyList<DemandView>> Demand();
}

/// <summary>A worker as it is shown; times are Unix ms.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.WorkerView")]
public sealed record WorkerView
{
    [Id(0)] public required string WorkerId { get; init; }
    [Id(1)] public required string Node { get; init; }
    [Id(2)] public required IReadOnlyList<string> Services { get; init; }
    [Id(3)] public required int Slots { get; init; }
    [Id(4)] public required IReadOnlyList<string> Jobs { get; init; }

    /// <summary>
    /// <c>active</c>, <c>draining</c>, <c>drained</c>, <c>faulty</c> (its GPU is gone, and it claims nothing until it is back), <c>lost</c> (its lease
    /// ended), or <c>offline</c>: registered, but without a session.
    /// </summary>
    [Id(5)] public required string State { get; init; }
    [Id(6)] public required long LeaseExpiresAt { get; init; }
    [Id(7)] public required long StartedAt { get; init; }
    [Id(8)] public required string Version { get; init; }
    [Id(9)] public required string SessionId { get; init; }

    /// <summary>Instances of services outside, with the breaker where it is not closed.</summary>
    [Id(10)] public IReadOnlyList<InstanceView> Instances { get; init; } = [];

    /// <summary>What it can do, as <see cref="Matching.WorkerCapabilities"/>' text.</summary>
    [Id(11)] public string? Capabilities { get; init; }
    [Id(12)] public Workers.GpuView? Gpu { get; init; }
    [Id(13)] public IReadOnlyList<string> LoadedModels { get; init; } = [];
    [Id(14)] public long ModelLoads { get; init; }

    /// <summary>When the grid last heard of it, Unix ms (to a minute, of an offline worker).</summary>
    [Id(15)] public long LastSeenAt { get; init; }

    /// <summary>Why it drains.</summary>
    [Id(16)] public string? DrainReason { get; init; }

    /// <summary>What it says of itself that cannot be true, such as more free memory than there is.</summary>
    [Id(17)] public IReadOnlyList<string> Doubts { get; init; } = [];

    /// <summary>Its connectors that come from assemblies of their own.</summary>
    [Id(18)] public IReadOnlyList<Workers.ConnectorProfile> Connectors { get; init; } = [];
}

/// <summary>The answer to a request about a worker.</summary>
/// <param name="Found">Whether there is such a worker.</param>
/// <param name="Accepted">Whether the request holds; else the message says why not.</param>
/// <param name="Message">For a person.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.WorkerControlAnswer")]
public sealed record WorkerControlAnswer([property: Id(0)] bool Found, [property: Id(1)] bool Accepted, [property: Id(2)] string Message);

/// <summary>A model or a custom node, who has it, and how many jobs wait for it.</summary>
/// <param name="Kind"><c>model</c> or <c>custom_node</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Workers">Registered workers that have it.</param>
/// <param name="LoadedOn">Of these, where it is loaded now.</param>
/// <param name="WaitingJobs">Jobs that wait and need it.</param>
/// <param name="LackedBy">Of these, jobs that no live worker can take for want of it.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ModelView")]
public sealed record ModelView(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Name,
    [property: Id(2)] IReadOnlyList<string> Workers,
    [property: Id(3)] IReadOnlyList<string> LoadedOn,
    [property: Id(4)] long WaitingJobs,
    [property: Id(5)] long LackedBy);

/// <summary>What waits for one class of workers: requirements that the same live workers can serve.</summary>
/// <param name="Class">Name of the class, made of the requirement's service, memory and labels.</param>
/// <param name="Jobs">Jobs that wait in queues that are not paused; all other figures are of these.</param>
/// <param name="WorkSeconds">Their work, in seconds of one slot; jobs of unmeasured kinds count with the mean of the measured, or 1.</param>
/// <param name="OldestSeconds">The oldest wait.</param>
/// <param name="Workers">Live workers that can serve it.</param>
/// <param name="WantedWorkers">Workers that would start all within the target wait; 0 where only paused queues have such jobs.</param>
/// <param name="PausedJobs">Jobs that wait in queues that are paused.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.DemandView")]
public sealed record DemandView(
    [property: Id(0)] string Class,
    [property: Id(1)] long Jobs,
    [property: Id(2)] double WorkSeconds,
    [property: Id(3)] double OldestSeconds,
    [property: Id(4)] int Workers,
    [property: Id(5)] int WantedWorkers,
    [property: Id(6)] long PausedJobs = 0);

/// <summary>A service instance as it is shown; no breaker: closed; no health: its worker is away.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.InstanceView")]
public sealed record InstanceView(
    [property: Id(0)] string Instance, [property: Id(1)] string Service, [property: Id(2)] bool OnThisMachine, [property: Id(3)] Workers.BreakerView? Breaker,
    [property: Id(4)] Workers.InstanceHealth? Health = null);

/// <summary>A queue in the list.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.QueueSummary")]
public sealed record QueueSummary(
    [property: Id(0)] string Name, [property: Id(1)] long Depth, [property: Id(2)] int WaitingWorkers, [property: Id(3)] QueuePause? Pause = null);

/// <summary>The answer to a request about a queue.</summary>
/// <param name="Pause">The pause that holds now; null: none.</param>
/// <param name="Message">For a person.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.QueueControlAnswer")]
public sealed record QueueControlAnswer([property: Id(0)] QueuePause? Pause, [property: Id(1)] string Message);

/// <summary>The grid's health. <paramref name="Reasons"/> say what is wrong and what to do.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.GridHealth")]
public sealed record GridHealth(
    [property: Id(0)] string Status,
    [property: Id(1)] IReadOnlyList<string> Reasons,
    [property: Id(2)] StoreHealth Store);

/// <summary>The store as its check found it.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StoreHealth")]
public sealed record StoreHealth(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Where,
    [property: Id(2)] string Durability,
    [property: Id(3)] IReadOnlyList<StoreSetting> Findings);

/// <summary>A setting of the store's server; a null warning: fine.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StoreSetting")]
public sealed record StoreSetting([property: Id(0)] string Setting, [property: Id(1)] string Value, [property: Id(2)] string? Warning);
