using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;

namespace OrleansJobGrid.Contracts.Workers;

/// <summary>Stands for one worker; its key is the worker's id. Keeps its session alive and knows its grants.</summary>
[Alias("jobgrid.IWorkerGrain"), GrainInterfaceType("jobgrid.worker")]
public interface IWorkerGrain : IGrainWithStringKey
{
    /// <summary>Renews the session (or begins it) and compares what the worker holds with what was granted to it.</summary>
    [AlwaysInterleave, Alias("Heartbeat")] Task<HeartbeatAnswer> Heartbeat(Heartbeat heartbeat);

    /// <summary>Claims from a queue.</summary>
    [AlwaysInterleave, Alias("Claim")] Task<ClaimAnswer> Claim(string queue, ClaimRequest request);

    /// <summary>Reports ends of attempts, at most 100, each on its own, and in the same call claims the next jobs without waiting.</summary>
    [AlwaysInterleave, Alias("Report")] Task<AttemptAnswers> Report([Immutable] IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim);

    /// <summary>Orders that came since the last call, as soon as there are any; after <paramref name="wait"/> none.</summary>
    [AlwaysInterleave, Alias("NextOrders")] Task<WorkerOrders> NextOrders(string sessionId, TimeSpan wait);

    /// <summary>A job granted to this worker is to be stopped.</summary>
    [AlwaysInterleave, OneWay, Alias("Stop")] Task Stop(string sessionId, StopOrder order);

    /// <summary>A grant that takes over work outside, beside the worker's slots.</summary>
    [AlwaysInterleave, OneWay, Alias("Adopt")] Task Adopt(string sessionId, JobGrant grant);

    /// <summary>Asks a service instance through this worker. A query that is not answered within 5 s ends with a <see cref="TimeoutException"/>.</summary>
    [AlwaysInterleave, Alias("Ask")] Task<ServiceAnswer> Ask(string sessionId, ServiceQuery query);

    /// <summary>The worker's answer to a query.</summary>
    [AlwaysInterleave, Alias("Answer")] Task Answer(string sessionId, ServiceAnswer answer);

    /// <summary>Its registration was changed by somebody else, as by an order to drain.</summary>
    [AlwaysInterleave, OneWay, Alias("RegistrationChanged")] Task RegistrationChanged();

    /// <summary>The worker leaves, holding nothing any more.</summary>
    [AlwaysInterleave, Alias("Leave")] Task Leave(string sessionId);
}

/// <summary>A sign of life, every 2 s.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.Heartbeat")]
public sealed record Heartbeat
{
    [Id(0)] public required string SessionId { get; init; }
    [Id(1)] public required WorkerProfile Profile { get; init; }

    /// <summary>What it holds, begun or not.</summary>
    [Id(2)] public required IReadOnlyList<HeldGrant> Held { get; init; }

    /// <summary>Whether it still claims.</summary>
    [Id(3)] public bool Draining { get; init; }

    /// <summary>State of the breaker of each instance that is not closed: <c>open</c> or <c>half_open</c>, with why.</summary>
    [Id(4)] public IReadOnlyDictionary<string, BreakerView> Breakers { get; init; } = new Dictionary<string, BreakerView>();

    /// <summary>Its GPU as it is now; null: a CPU worker.</summary>
    [Id(5)] public GpuView? Gpu { get; init; }

    /// <summary>Models that its services have loaded.</summary>
    [Id(6)] public IReadOnlyList<string> LoadedModels { get; init; } = [];

    /// <summary>How often its services loaded a model since the session began.</summary>
    [Id(7)] public long ModelLoads { get; init; }

    /// <summary>What is known of each instance that it reaches.</summary>
    [Id(8)] public IReadOnlyDictionary<string, InstanceHealth> Health { get; init; } = new Dictionary<string, InstanceHealth>();
}

/// <summary>An instance of a service outside as a worker last found it.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.InstanceHealth")]
public sealed record InstanceHealth
{
    /// <summary>It was asked.</summary>
    public const string Proved = "proved";

    /// <summary>It cannot be asked, and its settings are believed.</summary>
    public const string Stated = "stated";

    /// <summary>It could not be asked yet, and nothing is claimed for it.</summary>
    public const string Unproved = "unproved";

    /// <summary><see cref="Proved"/>, <see cref="Stated"/> or <see cref="Unproved"/>.</summary>
    [Id(0)] public required string State { get; init; }

    /// <summary>What it can do, see <see cref="CapabilityNames"/>.</summary>
    [Id(1)] public IReadOnlyList<string> Capabilities { get; init; } = [];
    [Id(2)] public string? Version { get; init; }
    [Id(3)] public string? BootMark { get; init; }

    /// <summary>Why it could not be asked the last time; null: it could.</summary>
    [Id(4)] public string? Fault { get; init; }

    /// <summary>How many models it has; null: it does not tell.</summary>
    [Id(5)] public int? Models { get; init; }

    /// <summary>Unix ms: since when it is in this state.</summary>
    [Id(6)] public long Since { get; init; }
}

/// <summary>What a service may be able to do, and what it costs where it is not.</summary>
public static class CapabilityNames
{
    /// <summary>It tells what became of a submission.</summary>
    public const string StatusQuery = "status_query";

    /// <summary>It stops work.</summary>
    public const string Cancel = "cancel";

    /// <summary>Another worker can go on with work that runs there.</summary>
    public const string Attach = "attach";

    /// <summary>What an operator has to expect of a service that lacks some of these.</summary>
    public static IReadOnlyList<string> Costs(IReadOnlyCollection<string> capabilities) =>
    [
        .. capabilities.Contains(StatusQuery) ? (IEnumerable<string>)[]
            : ["It cannot be asked what became of a job: where its worker dies, the job's on_unknown decides at once (fail, or rerun and so perhaps do it twice)."],
        .. capabilities.Contains(Attach) || !capabilities.Contains(StatusQuery) ? (IEnumerable<string>)[]
            : ["Its work cannot be taken over: where a worker dies, a job is done anew once the old run has ended."],
        .. capabilities.Contains(Cancel) ? (IEnumerable<string>)[] : ["Its work cannot be stopped: a cancelled job may run on there to its end."],
    ];
}

/// <summary>A GPU as its worker last read it. Memory in MB of 1,048,576 bytes; absent: the driver does not tell.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.GpuView")]
public sealed record GpuView
{
    [Id(0)] public required string Uuid { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public string? Architecture { get; init; }
    [Id(3)] public string? Driver { get; init; }
    [Id(4)] public required long MemoryTotalMb { get; init; }
    [Id(5)] public required long MemoryFreeMb { get; init; }
    [Id(6)] public int? UtilizationPercent { get; init; }
    [Id(7)] public int? TemperatureCelsius { get; init; }
    [Id(8)] public int Processes { get; init; }

    /// <summary>Why the figures are old or missing; null: they are of now.</summary>
    [Id(9)] public string? Fault { get; init; }

    /// <summary>No work can run there, as <see cref="Fault"/> says; its worker claims nothing until it is back.</summary>
    [Id(10)] public bool Gone { get; init; }
}

/// <summary>An instance of a service outside.</summary>
/// <param name="Instance">Its id, unique in the grid.</param>
/// <param name="Service">The service that it does.</param>
/// <param name="OnThisMachine">Whether it lives on the worker's machine, and goes with it.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.InstanceProfile")]
public sealed record InstanceProfile([property: Id(0)] string Instance, [property: Id(1)] string Service, [property: Id(2)] bool OnThisMachine);

/// <summary>A breaker that is not closed.</summary>
/// <param name="State"><c>open</c>: no claims for this instance; <c>half_open</c>: one attempt is let through.</param>
/// <param name="Reason">The failure that opened it.</param>
/// <param name="Since">Unix ms.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.BreakerView")]
public sealed record BreakerView([property: Id(0)] string State, [property: Id(1)] string Reason, [property: Id(2)] long Since);

/// <summary>What a worker is to do.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.WorkerOrders")]
public sealed record WorkerOrders
{
    public static WorkerOrders None { get; } = new();

    [Id(0)] public IReadOnlyList<StopOrder> Stops { get; init; } = [];
    [Id(1)] public IReadOnlyList<JobGrant> Adoptions { get; init; } = [];
    [Id(2)] public IReadOnlyList<ServiceQuery> Queries { get; init; } = [];
}

/// <summary>A question to a service instance about some submissions.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ServiceQuery")]
public sealed record ServiceQuery
{
    [Id(0)] public required Guid QueryId { get; init; }
    [Id(1)] public required string Instance { get; init; }

    /// <summary>External ids, at most 500.</summary>
    [Id(2)] public required IReadOnlyList<string> ExternalIds { get; init; }

    /// <summary>Those among them that are to be stopped where they run or wait; the finding is then what became of the stop.</summary>
    [Id(3)] public IReadOnlyList<string> Cancel { get; init; } = [];

    /// <summary>The service's own ids of those that have one, by external id.</summary>
    [Id(4)] public IReadOnlyDictionary<string, string> ServiceIds { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a service instance says; a fault: it could not be asked, and says nothing of any submission.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ServiceAnswer")]
public sealed record ServiceAnswer
{
    [Id(0)] public required Guid QueryId { get; init; }
    [Id(1)] public string? Fault { get; init; }
    [Id(2)] public string? BootMark { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, ServiceFinding> Findings { get; init; } = new Dictionary<string, ServiceFinding>();
}

/// <summary>What is known of one submission.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ServiceFinding")]
public sealed record ServiceFinding([property: Id(0)] Finding Finding, [property: Id(1)] FailureReport? Failure = null);

/// <summary>A grant as its worker holds it.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.HeldGrant")]
public readonly record struct HeldGrant([property: Id(0)] string JobId, [property: Id(1)] GrantToken Token);

/// <summary>What does not change in a worker's session.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.WorkerProfile")]
public sealed record WorkerProfile
{
    /// <summary>The machine's name.</summary>
    [Id(0)] public required string Node { get; init; }

    /// <summary>The process, so that a silo on the same machine can tell that it is dead.</summary>
    [Id(1)] public required string Process { get; init; }
    [Id(2)] public required IReadOnlyList<string> Services { get; init; }
    [Id(3)] public required int Slots { get; init; }

    /// <summary>Unix ms.</summary>
    [Id(4)] public required long StartedAt { get; init; }
    [Id(5)] public required string Version { get; init; }

    /// <summary>How long work may outlive the process (a guard ends children within this), ms.</summary>
    [Id(6)] public long LingerMs { get; init; }

    /// <summary>Services whose start is written before their work begins.</summary>
    [Id(7)] public IReadOnlyList<string> DeclaredServices { get; init; } = [];

    /// <summary>Instances of services outside that it reaches.</summary>
    [Id(8)] public IReadOnlyList<InstanceProfile> Instances { get; init; } = [];

    /// <summary>What it can do, as <see cref="Matching.WorkerCapabilities"/>' text; null: nothing declared beside its services.</summary>
    [Id(9)] public string? Capabilities { get; init; }

    /// <summary>Queues that it claims from; empty: all that there are.</summary>
    [Id(10)] public IReadOnlyList<string> Queues { get; init; } = [];

    /// <summary>Its connectors that come from assemblies of their own.</summary>
    [Id(11)] public IReadOnlyList<ConnectorProfile> Connectors { get; init; } = [];
}

/// <summary>A connector of an assembly of its own.</summary>
/// <param name="Service">The service that it does.</param>
/// <param name="Version">Its informational version.</param>
/// <param name="Assembly">The assembly's file name.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ConnectorProfile")]
public sealed record ConnectorProfile([property: Id(0)] string Service, [property: Id(1)] string Version, [property: Id(2)] string Assembly);

/// <summary>The answer to a sign of life.</summary>
/// <param name="LeaseMs">The lease from the sending of this heartbeat on.</param>
/// <param name="SessionEnded">The session is over: stop everything, begin a new one.</param>
/// <param name="Stop">Jobs to stop.</param>
/// <param name="Drain">It is to claim no more until this is absent again; null: it claims.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.HeartbeatAnswer")]
public sealed record HeartbeatAnswer(
    [property: Id(0)] long LeaseMs,
    [property: Id(1)] bool SessionEnded,
    [property: Id(2)] IReadOnlyList<StopOrder> Stop,
    [property: Id(3)] DrainOrder? Drain = null);

/// <summary>A worker is to let its jobs end and to claim no more.</summary>
/// <param name="Id">Random; another one is another order.</param>
/// <param name="BudgetMs">How long its jobs may go on from now; then they are handed on with their last checkpoint. Null: as long as they take.</param>
/// <param name="Reason">For the log.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.DrainOrder")]
public sealed record DrainOrder([property: Id(0)] Guid Id, [property: Id(1)] long? BudgetMs, [property: Id(2)] string Reason);

/// <summary>Stop this job: its token is the grant to be stopped.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Token">The grant.</param>
/// <param name="Reason">For the log.</param>
/// <param name="LeaveIt">Stop in this worker only, and leave what runs outside alone.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.StopOrder")]
public readonly record struct StopOrder(
    [property: Id(0)] string JobId, [property: Id(1)] GrantToken Token, [property: Id(2)] string Reason, [property: Id(3)] bool LeaveIt = false);

/// <summary>The end of an attempt: exactly one of the last three is set.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.AttemptReport")]
public sealed record AttemptReport
{
    [Id(0)] public required string JobId { get; init; }
    [Id(1)] public required GrantToken Token { get; init; }
    [Id(2)] public CompletionReport? Completion { get; init; }
    [Id(3)] public FailureReport? Failure { get; init; }
    [Id(4)] public StopReason? Stop { get; init; }
}

/// <summary>What became of each report, in their order, and the jobs granted with them.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.AttemptAnswers")]
public sealed record AttemptAnswers([property: Id(0)] IReadOnlyList<AttemptAnswer> Reports, [property: Id(1)] IReadOnlyList<JobGrant> Grants);

/// <summary>What became of one report.</summary>
/// <param name="Outcome">What the job said.</param>
/// <param name="Fault">Why it could not be asked, or whether it took the report is not known: report again. Null: it was.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.AttemptAnswer")]
public readonly record struct AttemptAnswer([property: Id(0)] ReportOutcome Outcome, [property: Id(1)] string? Fault = null);
