using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>A job as stored. Times are Unix ms of the store's clock; absent fields are not written.</summary>
public sealed record JobRecord
{
    /// <summary>Version of this form; a higher one is refused.</summary>
    public const int CurrentSchema = 1;

    public int Schema { get; init; } = CurrentSchema;
    public required JobStatus Status { get; init; }
    public required string Service { get; init; }
    public required string Queue { get; init; }
    public int Priority { get; init; }
    public required RawJson Payload { get; init; }
    public string? CustomerId { get; init; }
    public string? WorkflowId { get; init; }
    public int? WorkflowPriority { get; init; }
    public long? WorkflowTime { get; init; }
    public long? Deadline { get; init; }
    public int? MaxRetries { get; init; }
    public BackoffPolicy? Retry { get; init; }

    /// <summary>Longest attempt, ms; fixed at the submission from the job or the service's default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long AttemptTimeoutMs { get; init; }

    /// <summary>Whether the job named its attempt timeout itself.</summary>
    public bool OwnAttemptTimeout { get; init; }
    public long? StallTimeoutMs { get; init; }

    /// <summary>How long it is kept once completed or cancelled, and as a dead letter; fixed at the submission. Null: the default.</summary>
    public long? KeepCompletedMs { get; init; }
    public long? KeepFailedMs { get; init; }
    public long? QueueTimeoutMs { get; init; }
    public bool Idempotent { get; init; }
    public string? OnUnknown { get; init; }
    public long? NotBefore { get; init; }
    public RawJson? Metadata { get; init; }

    /// <summary>What it asks of its worker, canonical; null: nothing.</summary>
    public string? Requirements { get; init; }

    /// <summary>Its size class.</summary>
    public string? Size { get; init; }
    public string? Urgency { get; init; }

    /// <summary>The job whose checkpoint it began with.</summary>
    public string? ResumeJobId { get; init; }

    /// <summary>The saga that is told of its end.</summary>
    public string? SagaId { get; init; }
    public required string BodyHash { get; init; }

    /// <summary>Its place among all submissions; a rescued or retried job keeps it.</summary>
    public long Sequence { get; init; }

    // A required field is written even where it is 0: a record without it could not be read again.
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long CreatedAt { get; init; }

    /// <summary>Since when it waits for a grant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required long PendingSince { get; init; }

    /// <summary>Pending, but not ready before this; cleared when the wheel releases it.</summary>
    public long? DelayedUntil { get; init; }

    /// <summary>Runs that the job is answerable for: not rescues, not grants taken back.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts before its last retry by hand, which the limits do not count any more.</summary>
    public int AttemptsBefore { get; init; }

    /// <summary>Its last retry by hand.</summary>
    public long? RetriedAt { get; init; }

    /// <summary>Grants whose session died with work that had begun, since its last retry by hand.</summary>
    public int Rescues { get; init; }

    /// <summary>Raised by every grant and by nothing else.</summary>
    public long Epoch { get; init; }

    /// <summary>The last grant, kept when it ended: its late result is still worth something.</summary>
    public Grant? LastGrant { get; init; }
    public long? StartedAt { get; init; }
    public long? FinishedAt { get; init; }
    public long? RetryAt { get; init; }
    public RawJson? Result { get; init; }
    public IReadOnlyList<JobOutputView>? Outputs { get; init; }
    public string? Error { get; init; }
    public IReadOnlyList<FailureView>? Failures { get; init; }
    public long? CancelRequestedAt { get; init; }
    public long? PauseRequestedAt { get; init; }
    public long? PausedAt { get; init; }
    public string? EndReason { get; init; }

    /// <summary>Posts to services outside, oldest first; those that cannot matter any more are dropped.</summary>
    public IReadOnlyList<ServiceSubmission>? Submissions { get; init; }

    /// <summary>The external id of the submission that the last grant took over.</summary>
    public string? Adopted { get; init; }

    /// <summary>How often outputs that are done were to be fetched by an adopter since the last grant by a queue.</summary>
    public int Fetches { get; init; }

    /// <summary>When former instances are asked once more whether a post came in after all.</summary>
    public long? StaleCheckAt { get; init; }
    public int StaleChecks { get; init; }

    /// <summary>Set while the job is reconciling.</summary>
    public Inquiry? Inquiry { get; init; }

    /// <summary>Where it is not to be tried, for now.</summary>
    public IReadOnlyList<Exclusion>? Exclusions { get; init; }

    /// <summary>Of a dead letter: equal for failures of the same kind.</summary>
    public string? Fingerprint { get; init; }
    public byte[]? Checkpoint { get; init; }

    /// <summary>Events written so far.</summary>
    public long EventCount { get; init; }

    /// <summary>The last grant's token, or the default where there was none.</summary>
    public GrantToken Token => LastGrant is { } grant ? new(Epoch, grant.OperationId) : default;

    /// <summary>Whether its end or its pause was asked for, and the worker has not confirmed.</summary>
    public bool StopRequested => CancelRequestedAt is not null || PauseRequestedAt is not null;

    /// <summary>Whether claims may take it.</summary>
    public bool IsReady => Status == JobStatus.Pending && DelayedUntil is null;

    /// <summary>Its place in its queue.</summary>
    public ReadyOrder Order => new(WorkflowPriority ?? Priority, WorkflowTime ?? CreatedAt, Sequence);
}

/// <summary>Who was given the job, and when.</summary>
public sealed record Grant(Guid OperationId, string SessionId, string WorkerId, long At);
