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

    /// <summary>Reports an attempt's end and, in the same call, claims the next job without waiting.</summary>
    [AlwaysInterleave, Alias("Report")] Task<AttemptAnswer> Report(AttemptReport report, string? claimQueue, ClaimRequest? claim);

    /// <summary>Orders to stop that came since the last call, as soon as there are any; after <paramref name="wait"/> none.</summary>
    [AlwaysInterleave, Alias("NextStops")] Task<IReadOnlyList<StopOrder>> NextStops(string sessionId, TimeSpan wait);

    /// <summary>A job granted to this worker is to be stopped.</summary>
    [AlwaysInterleave, OneWay, Alias("Stop")] Task Stop(string sessionId, StopOrder order);

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
}

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
}

/// <summary>The answer to a sign of life.</summary>
/// <param name="LeaseMs">The lease from the sending of this heartbeat on.</param>
/// <param name="SessionEnded">The session is over: stop everything, begin a new one.</param>
/// <param name="Stop">Jobs to stop.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.HeartbeatAnswer")]
public sealed record HeartbeatAnswer([property: Id(0)] long LeaseMs, [property: Id(1)] bool SessionEnded, [property: Id(2)] IReadOnlyList<StopOrder> Stop);

/// <summary>Stop this job: its token is the grant to be stopped.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StopOrder")]
public readonly record struct StopOrder([property: Id(0)] string JobId, [property: Id(1)] GrantToken Token, [property: Id(2)] string Reason);

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

/// <summary>What became of a report, and the jobs granted with it.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.AttemptAnswer")]
public sealed record AttemptAnswer([property: Id(0)] ReportOutcome Outcome, [property: Id(1)] IReadOnlyList<JobGrant> Grants);
