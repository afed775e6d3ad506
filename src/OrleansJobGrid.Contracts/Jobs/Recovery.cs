namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>The end of a worker's session, as its jobs are told.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SessionEnd")]
public sealed record SessionEnd
{
    [Id(0)] public required string SessionId { get; init; }
    [Id(1)] public required string Reason { get; init; }

    /// <summary>Whether its worker died or fell silent: such ends are counted against the job; a farewell is not.</summary>
    [Id(2)] public bool Abnormal { get; init; }

    /// <summary>The end of the lease itself, Unix ms: up to then its worker may have posted.</summary>
    [Id(3)] public long LeaseEndedAt { get; init; }

    /// <summary>Services whose start is written before their work begins: a grant that was only assigned had not begun.</summary>
    [Id(4)] public IReadOnlyList<string> DeclaredServices { get; init; } = [];
}

/// <summary>What a service instance says of a submission, or why nobody could ask it.</summary>
public enum Finding
{
    /// <summary>It is queued or running there.</summary>
    Running = 1,

    /// <summary>It is done there, and its outputs can be fetched.</summary>
    Completed = 2,

    /// <summary>It ended there without a result.</summary>
    Failed = 3,

    /// <summary>It was stopped there.</summary>
    Cancelled = 4,

    /// <summary>It is not known there.</summary>
    Absent = 5,

    /// <summary>The instance did not answer.</summary>
    Unreachable = 6,

    /// <summary>No live worker has this instance.</summary>
    NobodyCanAsk = 7,

    /// <summary>The service has no way to tell.</summary>
    Untellable = 8,
}

/// <summary>What was found about one submission of a job.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.Verdict")]
public sealed record Verdict
{
    [Id(0)] public required string ExternalId { get; init; }

    /// <summary>The job's version before the question: a job that moved on since is not judged by the answer.</summary>
    [Id(1)] public required long Version { get; init; }
    [Id(2)] public required Finding Finding { get; init; }

    /// <summary>The store's clock before the question, Unix ms.</summary>
    [Id(3)] public required long AskedAt { get; init; }

    /// <summary>What the instance says of its boot now.</summary>
    [Id(4)] public string? BootMark { get; init; }

    /// <summary>In words, for <see cref="Finding.Unreachable"/> and <see cref="Finding.NobodyCanAsk"/>.</summary>
    [Id(5)] public string? Reason { get; init; }

    /// <summary>How it failed there.</summary>
    [Id(6)] public FailureReport? Failure { get; init; }

    /// <summary>A live worker that has the instance and can take the work over; null: none.</summary>
    [Id(7)] public StartRequest? Adopter { get; init; }

    /// <summary>Whether the machine that the instance lives on has a live worker.</summary>
    [Id(8)] public bool NodeAlive { get; init; }
}

/// <summary>What a worker does with work outside whose grant is not its own any more.</summary>
public enum Directive
{
    /// <summary>The grant stands.</summary>
    Hold = 1,

    /// <summary>Stop it, also outside.</summary>
    CancelYours = 2,

    /// <summary>Let go of it, and leave it alone outside: it is being asked about, or another worker adopted it.</summary>
    LeaveIt = 3,
}

/// <summary>An operator's word about a job that is held.</summary>
public enum Resolution
{
    /// <summary>It was done; a result may be given.</summary>
    Completed = 1,

    /// <summary>Run it again.</summary>
    Requeue = 2,

    /// <summary>Make it a dead letter.</summary>
    Fail = 3,
}
