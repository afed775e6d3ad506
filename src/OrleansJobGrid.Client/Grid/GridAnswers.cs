using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>A worker of the grid.</summary>
/// <param name="WorkerId">Its id.</param>
/// <param name="Node">The machine that it runs on.</param>
/// <param name="Services">What it does.</param>
/// <param name="Slots">Jobs that it runs at once.</param>
/// <param name="Running">Jobs that it runs now.</param>
/// <param name="State"><c>active</c>, <c>draining</c>, <c>drained</c>, <c>lost</c> or <c>offline</c>.</param>
/// <param name="Jobs">Ids of those jobs.</param>
/// <param name="LeaseExpiresAt">When its lease ends if it is not heard of.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="Version">Its version.</param>
public sealed record Worker(
    string WorkerId, string? Node, IReadOnlyList<string>? Services, int Slots, int Running, string? State, IReadOnlyList<string>? Jobs,
    DateTimeOffset? LeaseExpiresAt, DateTimeOffset? StartedAt, string? Version)
{
    /// <summary>Instances of services outside that it reaches.</summary>
    public IReadOnlyList<ServiceInstance>? Instances { get; init; }

    /// <summary>What it can do beside its services, as the grid's documents name it.</summary>
    public JsonElement? Capabilities { get; init; }

    /// <summary>Its GPU as it was last read; null: a CPU worker.</summary>
    public WorkerGpu? Gpu { get; init; }

    /// <summary>Models that its services have loaded now.</summary>
    public IReadOnlyList<string>? LoadedModels { get; init; }

    /// <summary>How often they loaded one in its session.</summary>
    public long ModelLoads { get; init; }

    /// <summary>When the grid last heard of it.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>Why it is to drain; null: it is not.</summary>
    public string? DrainReason { get; init; }

    /// <summary>What it says of itself that cannot be true.</summary>
    public IReadOnlyList<string>? Doubts { get; init; }

    /// <summary>Its connectors that come from assemblies of their own.</summary>
    public IReadOnlyList<OwnConnector>? Connectors { get; init; }

    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A connector that a worker has from an assembly of its own.</summary>
/// <param name="Service">The service that it does.</param>
/// <param name="Version">Its version.</param>
/// <param name="Assembly">The assembly's file name.</param>
public sealed record OwnConnector(string Service, string? Version, string? Assembly)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>What a worker found of an instance.</summary>
/// <param name="State"><c>proved</c>: it was asked; <c>stated</c>: it cannot be, and its settings are believed; <c>unproved</c>: nothing is claimed for it yet.</param>
/// <param name="Since">Since when.</param>
/// <param name="Capabilities">What it can do, such as <c>status_query</c>, <c>cancel</c>, <c>attach</c>, <c>progress</c>.</param>
/// <param name="Costs">What to expect of it, since it lacks something.</param>
/// <param name="Version">Its version, as it says it.</param>
/// <param name="BootMark">What it says of its boot.</param>
/// <param name="Models">How many models it has; null: it does not tell.</param>
/// <param name="Fault">Why it could not be asked the last time; null: it could.</param>
public sealed record InstanceHealth(
    string State, DateTimeOffset? Since, IReadOnlyList<string>? Capabilities, IReadOnlyList<string>? Costs, string? Version, string? BootMark, int? Models, string? Fault)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>An instance of a service outside, as one worker reaches it.</summary>
/// <param name="Instance">Its id, unique in the grid.</param>
/// <param name="Service">The service that it does.</param>
/// <param name="OnThisMachine">Whether it lives on the worker's machine, and goes with it.</param>
/// <param name="Breaker">Why the worker uses it no more, or for one attempt at a time only; null: it is used.</param>
/// <param name="Health">What is known of it; null: its worker is away.</param>
public sealed record ServiceInstance(string Instance, string? Service, bool OnThisMachine, Breaker? Breaker, InstanceHealth? Health = null)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A breaker that is not closed.</summary>
/// <param name="State"><c>open</c> or <c>half_open</c>.</param>
/// <param name="Reason">The failure that opened it.</param>
/// <param name="Since">Since when.</param>
public sealed record Breaker(string State, string? Reason, DateTimeOffset? Since);

/// <summary>The workers, newest first.</summary>
/// <param name="Workers">One entry a worker.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record WorkerList(IReadOnlyList<Worker> Workers, DateTimeOffset? Timestamp);

/// <summary>A queue.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Depth">Jobs that wait in it.</param>
/// <param name="WaitingWorkers">Workers that wait for a job of it.</param>
public sealed record Queue(string Name, long Depth, int WaitingWorkers)
{
    /// <summary>Since when it is paused; null: it gives out jobs.</summary>
    public DateTimeOffset? PausedSince { get; init; }

    /// <summary>Why it is paused.</summary>
    public string? PauseReason { get; init; }

    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>A request about a queue was taken.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Message">For a person.</param>
/// <param name="PausedSince">The pause that holds now; null: none.</param>
public sealed record QueueControl(string Queue, string Message, DateTimeOffset? PausedSince);

/// <summary>The queues.</summary>
/// <param name="Queues">One entry a queue.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record QueueList(IReadOnlyList<Queue> Queues, DateTimeOffset? Timestamp);

/// <summary>Figures of the whole grid; completed and failed are counted since the store was made.</summary>
/// <param name="QueueDepth">Jobs that wait.</param>
/// <param name="Running">Jobs that run.</param>
/// <param name="Retrying">Jobs that wait for their next attempt.</param>
/// <param name="Completed">Jobs completed.</param>
/// <param name="Failed">Jobs failed.</param>
/// <param name="DeadLetters">Failed jobs that are kept for a look.</param>
/// <param name="Workers">Workers registered.</param>
/// <param name="OldestQueuedSeconds">Age of the oldest waiting job; null: none waits.</param>
/// <param name="AvgProcessingMs">Mean time of an attempt, ms; null: none yet.</param>
/// <param name="P95ProcessingMs">95th percentile of it, ms.</param>
public sealed record GridMetrics(
    long QueueDepth, long Running, long Retrying, long Completed, long Failed, long DeadLetters, long Workers,
    double? OldestQueuedSeconds, double? AvgProcessingMs, [property: JsonPropertyName("p95_processing_ms")] double? P95ProcessingMs)
{
    /// <summary>Jobs whose owner is lost, and whose service is asked what became of them.</summary>
    public long? Reconciling { get; init; }

    /// <summary>Jobs that are paused.</summary>
    public long? Paused { get; init; }

    /// <summary>Breakers that are open: a service instance counts once for each worker.</summary>
    public long? OpenBreakers { get; init; }

    /// <summary>All other figures under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}
