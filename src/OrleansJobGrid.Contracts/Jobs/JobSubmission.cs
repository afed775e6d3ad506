namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>A job as submitted, after its form was checked (<see cref="JobSubmissionLimits"/>).</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobSubmission")]
public sealed record JobSubmission
{
    /// <summary>1 to 128 of <c>A-Za-z0-9._:-</c>; fixed before the first write, so that a repetition cannot double.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The service that must do it.</summary>
    [Id(1)] public required string Service { get; init; }

    /// <summary>UTF-8 JSON, at most 128 KB.</summary>
    [Id(2)] public required byte[] Payload { get; init; }

    /// <summary>The queue's name.</summary>
    [Id(3)] public string Queue { get; init; } = JobSubmissionLimits.DefaultQueue;

    /// <summary>0 to 100, higher first.</summary>
    [Id(4)] public int Priority { get; init; } = JobSubmissionLimits.DefaultPriority;

    [Id(5)] public string? CustomerId { get; init; }

    [Id(6)] public string? WorkflowId { get; init; }

    /// <summary>Takes the place of the priority where given, 0 to 100.</summary>
    [Id(7)] public int? WorkflowPriority { get; init; }

    /// <summary>Orders within a level before the time of submission, Unix ms.</summary>
    [Id(8)] public long? WorkflowTime { get; init; }

    /// <summary>Not completed by then: <see cref="JobStatus.Timeout"/>. Unix ms.</summary>
    [Id(9)] public long? Deadline { get; init; }

    /// <summary>Attempts are this + 1; absent: the failure class's limit.</summary>
    [Id(10)] public int? MaxRetries { get; init; }

    [Id(11)] public BackoffPolicy? Retry { get; init; }

    /// <summary>Longest attempt from its start, ms; absent: the service's default.</summary>
    [Id(12)] public long? AttemptTimeoutMs { get; init; }

    /// <summary>Longest wait for a first grant, ms; absent: 7 days.</summary>
    [Id(13)] public long? QueueTimeoutMs { get; init; }

    /// <summary>The work may be run twice without harm.</summary>
    [Id(14)] public bool Idempotent { get; init; }

    /// <summary><c>fail</c> or <c>rerun</c>: what to do when nobody can say what became of an attempt.</summary>
    [Id(15)] public string? OnUnknown { get; init; }

    /// <summary>Not to be started earlier, Unix ms.</summary>
    [Id(16)] public long? NotBefore { get; init; }

    /// <summary>UTF-8 JSON object of the submitter's, returned as it is.</summary>
    [Id(17)] public byte[]? Metadata { get; init; }

    /// <summary>Longest time of a running attempt without progress, ms; absent: the service's default, which may be none.</summary>
    [Id(19)] public long? StallTimeoutMs { get; init; }

    /// <summary>What it asks of its worker beside the service, as <see cref="Matching.JobRequirements"/>' text; null: nothing.</summary>
    [Id(20)] public string? Requirements { get; init; }

    /// <summary>Its size class, read from the payload (<see cref="Matching.WorkSize"/>); null: the payload names none.</summary>
    [Id(21)] public string? Size { get; init; }

    /// <summary><c>low</c>, <c>normal</c>, <c>high</c> or <c>critical</c>: a word for the priority policy.</summary>
    [Id(22)] public string? Urgency { get; init; }

    /// <summary>Whether the submitter named the priority itself; else a policy may compute it.</summary>
    [Id(23)] public bool OwnPriority { get; init; }

    /// <summary>Hash of the body as submitted: decides between a replay and a conflict.</summary>
    [Id(18)] public required string BodyHash { get; init; }

    /// <summary>The saga that it is a step of, which is told of its end; null: none.</summary>
    [Id(24)] public string? SagaId { get; init; }

    /// <summary>A job of the same service whose checkpoint this one begins with; null: it begins at the beginning.</summary>
    [Id(25)] public string? ResumeJobId { get; init; }
}

/// <summary>Exponential backoff of a job's own.</summary>
/// <param name="BaseDelayMs">The first delay.</param>
/// <param name="MaxDelayMs">The longest delay.</param>
/// <param name="Multiplier">Growth from one attempt to the next, 1 to 10.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.BackoffPolicy")]
public sealed record BackoffPolicy([property: Id(0)] long BaseDelayMs, [property: Id(1)] long MaxDelayMs, [property: Id(2)] double Multiplier);

/// <summary>Limits and defaults of a submission.</summary>
public static class JobSubmissionLimits
{
    public const string DefaultQueue = "default";
    public const int DefaultPriority = 50;
    public const int MaxPriority = 100;
    public const int IdLength = 128;
    public const int PayloadBytes = 128 << 10;
    public const int MetadataBytes = 16 << 10;
    public const int JobBodyBytes = 1 << 20;
    public const int BatchBodyBytes = 64 << 20;
    public static readonly TimeSpan QueueTimeout = TimeSpan.FromDays(7);

    /// <summary>Characters of a service's or a queue's name (the same as in ids).</summary>
    public const int NameLength = 128;

    /// <summary>Characters of a customer's or a workflow's id (any but control characters).</summary>
    public const int ReferenceLength = 256;

    /// <summary>Jobs a call of <see cref="IJobIngressGrain.Submit"/>.</summary>
    public const int JobsPerCall = 1_000;

    /// <summary>Largest <c>max_retries</c>.</summary>
    public const int MaxRetries = 1_000;

    /// <summary>Longest time limit of an attempt or of the wait in the queue.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(365);

    /// <summary>Longest delay of a backoff.</summary>
    public static readonly TimeSpan LongestBackoff = TimeSpan.FromDays(7);

    /// <summary>What a <c>retry</c> object leaves out: 1 s, doubled each time, at most 5 minutes.</summary>
    public static readonly BackoffPolicy DefaultBackoff = new(1_000, 300_000, 2);

    /// <summary>Largest growth of a backoff; the smallest is 1.</summary>
    public const double MaxBackoffMultiplier = 10;
}

/// <summary>What became of a submission.</summary>
public enum SubmitOutcome
{
    /// <summary>Written by this call.</summary>
    Created = 1,

    /// <summary>The same body stands under this id already: the first answer holds.</summary>
    Replayed = 2,

    /// <summary>Another body stands under this id.</summary>
    Conflict = 3,

    /// <summary>The store did not answer in time: whether it was written is unknown; the same id may be sent again.</summary>
    Unknown = 4,

    /// <summary>The store refused it, see the message.</summary>
    Refused = 5,

    /// <summary>Its customer has as many jobs waiting as it may; the message names the limit.</summary>
    OverLimit = 6,

    /// <summary>The job that it is to go on from is not there, is another service's, or has no checkpoint; the message says which.</summary>
    NothingToResume = 7,
}

/// <summary>The answer to one submission; a warning says what may keep an accepted job from starting.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SubmitResult")]
public readonly record struct SubmitResult(
    [property: Id(0)] string JobId,
    [property: Id(1)] SubmitOutcome Outcome,
    [property: Id(2)] string? Message = null,
    [property: Id(3)] string? Warning = null);
