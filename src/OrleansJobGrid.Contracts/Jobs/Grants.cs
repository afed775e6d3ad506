namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>The lease token: which grant a worker speaks for. Checked wherever a worker speaks.</summary>
/// <param name="Epoch">Raised by every grant.</param>
/// <param name="OperationId">The operation that wrote the grant.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.GrantToken")]
public readonly record struct GrantToken([property: Id(0)] long Epoch, [property: Id(1)] Guid OperationId);

/// <summary>A worker asks for a job.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StartRequest")]
public readonly record struct StartRequest([property: Id(0)] string WorkerId, [property: Id(1)] string SessionId);

/// <summary>A job granted to a session, with what its worker needs.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobGrant")]
public sealed record JobGrant
{
    [Id(0)] public required string JobId { get; init; }
    [Id(1)] public required GrantToken Token { get; init; }
    [Id(2)] public required int Attempt { get; init; }
    [Id(3)] public required string Service { get; init; }
    [Id(4)] public required byte[] Payload { get; init; }
    [Id(5)] public byte[]? Checkpoint { get; init; }

    /// <summary>Longest attempt, ms; null: the connector's default.</summary>
    [Id(6)] public long? AttemptTimeoutMs { get; init; }

    /// <summary>All posts to services outside that earlier grants recorded, oldest first.</summary>
    [Id(7)] public IReadOnlyList<ServiceSubmission> Submissions { get; init; } = [];

    /// <summary>The external id of the submission that this grant takes over instead of posting; null: an attempt of its own.</summary>
    [Id(8)] public string? Adopts { get; init; }

    /// <summary>Longest time without progress, ms; null: the connector's default.</summary>
    [Id(9)] public long? StallTimeoutMs { get; init; }

    /// <summary>Service instances that lack something this job needs.</summary>
    [Id(10)] public IReadOnlyList<string> ExcludedInstances { get; init; } = [];

    /// <summary>Whose job it is, or empty.</summary>
    [Id(11)] public string CustomerId { get; init; } = "";

    /// <summary>GPU memory that the job is taken to need, MB; null: not known.</summary>
    [Id(12)] public long? EnvelopeMb { get; init; }
}

/// <summary>The answer of a job that was asked to start.</summary>
/// <param name="Grant">The grant, or null.</param>
/// <param name="Refusal">Why there is none.</param>
/// <param name="SessionEnded">It is the session that is refused, not the job that is not to be had: another session may have it.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.StartAnswer")]
public readonly record struct StartAnswer(
    [property: Id(0)] JobGrant? Grant, [property: Id(1)] string? Refusal, [property: Id(2)] bool SessionEnded = false);

/// <summary>What the grid makes of a worker's word.</summary>
public enum ReportOutcome
{
    /// <summary>It holds, also when it was said before.</summary>
    Accepted = 1,

    /// <summary>The token is not the last grant's, or the job is final by another: stop the work, nothing of it counts.</summary>
    Stale = 2,

    /// <summary>There is no such job any more.</summary>
    Gone = 3,

    /// <summary>It holds, and the job is to be stopped.</summary>
    StopRequested = 4,

    /// <summary>The token is not the last grant's, but the work outside is not to be stopped: it is being asked about, or was adopted.</summary>
    LeaveIt = 5,
}

/// <summary>The answer to a report of progress.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="PreviewsWanted">Whether somebody watches unfinished pictures.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ProgressAnswer")]
public readonly record struct ProgressAnswer([property: Id(0)] ReportOutcome Outcome, [property: Id(1)] bool PreviewsWanted = false);

/// <summary>How an attempt ended well.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.CompletionReport")]
public sealed record CompletionReport
{
    /// <summary>UTF-8 JSON, at most 64 KB.</summary>
    [Id(0)] public byte[]? Result { get; init; }
    [Id(1)] public IReadOnlyList<JobOutputView> Outputs { get; init; } = [];

    /// <summary>How long the work took, ms; gives the start of a job that was never written as in progress.</summary>
    [Id(2)] public long DurationMs { get; init; }

    /// <summary>The most GPU memory that it took, MB; null: not known.</summary>
    [Id(3)] public long? PeakGpuMemoryMb { get; init; }
}

/// <summary>Why a worker stopped an attempt without a result.</summary>
public enum StopReason
{
    /// <summary>The job was asked to stop.</summary>
    Requested = 1,

    /// <summary>The worker leaves: the job goes back to the queue and keeps its attempt.</summary>
    Drained = 2,

    /// <summary>The grant was never begun.</summary>
    NotBegun = 3,

    /// <summary>The worker leaves, and the work goes on outside: to be adopted.</summary>
    Detached = 4,

    /// <summary>The worker cannot say what became of the work outside; the service is to be asked.</summary>
    Unsure = 5,

    /// <summary>The work made no progress for its longest time and was ended.</summary>
    Stalled = 6,
}

/// <summary>The answer to a request about a job: cancel, pause, resume, retry, resolve, purge.</summary>
/// <param name="Found">Whether there is such a job.</param>
/// <param name="Accepted">Whether the request holds, now or as soon as the worker has stopped; else the message says why not.</param>
/// <param name="Status">The state now.</param>
/// <param name="Message">For a person.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ControlAnswer")]
public sealed record ControlAnswer([property: Id(0)] bool Found, [property: Id(1)] bool Accepted, [property: Id(2)] JobStatus Status, [property: Id(3)] string Message);
