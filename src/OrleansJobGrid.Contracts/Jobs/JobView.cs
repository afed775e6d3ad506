namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>A job as it is shown. Times are Unix ms; JSON parts are UTF-8.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobView")]
public sealed record JobView
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required long Version { get; init; }
    [Id(2)] public required JobStatus Status { get; init; }
    [Id(3)] public required string Service { get; init; }
    [Id(4)] public required string Queue { get; init; }
    [Id(5)] public required int Priority { get; init; }
    [Id(6)] public required byte[] Payload { get; init; }
    [Id(7)] public string? CustomerId { get; init; }
    [Id(8)] public string? WorkflowId { get; init; }
    [Id(9)] public int? WorkflowPriority { get; init; }
    [Id(10)] public long? WorkflowTime { get; init; }
    [Id(11)] public long? Deadline { get; init; }
    [Id(12)] public int? MaxRetries { get; init; }
    [Id(13)] public BackoffPolicy? Retry { get; init; }
    [Id(14)] public long? AttemptTimeoutMs { get; init; }
    [Id(15)] public long? QueueTimeoutMs { get; init; }
    [Id(16)] public bool Idempotent { get; init; }
    [Id(17)] public string? OnUnknown { get; init; }
    [Id(18)] public long? NotBefore { get; init; }
    [Id(19)] public byte[]? Metadata { get; init; }
    [Id(20)] public int Attempt { get; init; }
    [Id(21)] public long Epoch { get; init; }
    [Id(22)] public string? WorkerId { get; init; }
    [Id(23)] public double Progress { get; init; }
    [Id(24)] public string? ProgressMessage { get; init; }
    [Id(25)] public required long CreatedAt { get; init; }
    [Id(26)] public long? AssignedAt { get; init; }
    [Id(27)] public long? StartedAt { get; init; }
    [Id(28)] public long? FinishedAt { get; init; }
    [Id(29)] public long? RetryAt { get; init; }
    [Id(30)] public byte[]? Result { get; init; }
    [Id(31)] public IReadOnlyList<JobOutputView> Outputs { get; init; } = [];
    [Id(32)] public string? Error { get; init; }
    [Id(33)] public IReadOnlyList<FailureView> Failures { get; init; } = [];
    [Id(34)] public bool CancelRequested { get; init; }
    [Id(35)] public string? EndReason { get; init; }

    /// <summary>Raised by every report of progress; together with <see cref="Version"/> a watcher's place.</summary>
    [Id(36)] public long ProgressNumber { get; init; }

    /// <summary>A pending job's place in its queue, from 1.</summary>
    [Id(37)] public long? QueuePosition { get; init; }

    /// <summary>Why no registered worker can do a pending job; null: one can, or it is not pending.</summary>
    [Id(38)] public string? UnworkableReason { get; init; }

    /// <summary>Why a reconciling job is held; null: it is being asked about, or it is in another state.</summary>
    [Id(39)] public string? HeldReason { get; init; }
    [Id(40)] public bool PauseRequested { get; init; }

    /// <summary>Posts to services outside that are on record, oldest first.</summary>
    [Id(41)] public IReadOnlyList<ServiceSubmission> Submissions { get; init; } = [];

    /// <summary>How often work that had begun was rescued from a dead session.</summary>
    [Id(42)] public int Rescues { get; init; }

    /// <summary>Of a dead letter: equal for failures of the same kind.</summary>
    [Id(43)] public string? Fingerprint { get; init; }
    [Id(44)] public long? StallTimeoutMs { get; init; }

    /// <summary>What it asks of its worker, as <see cref="Matching.JobRequirements"/>' text.</summary>
    [Id(45)] public string? Requirements { get; init; }
    [Id(46)] public string? Urgency { get; init; }

    /// <summary>GPU memory that a worker must have free for it since it ran out of less, MB.</summary>
    [Id(47)] public long? MemoryFloorMb { get; init; }

    /// <summary>Raised by every unfinished picture.</summary>
    [Id(48)] public long PreviewNumber { get; init; }

    /// <summary>The latest unfinished picture, for a watcher that did not see it.</summary>
    [Id(49)] public JobPreview? Preview { get; init; }

    /// <summary>The job whose checkpoint it began with.</summary>
    [Id(50)] public string? ResumeJobId { get; init; }

    /// <summary>Chunks that are done by its last checkpoint, where it works in chunks.</summary>
    [Id(51)] public int? CompletedChunks { get; init; }

    /// <summary>Its chunks in all.</summary>
    [Id(52)] public int? TotalChunks { get; init; }
}

/// <summary>An unfinished picture of a job that runs.</summary>
/// <param name="Content">The file's bytes.</param>
/// <param name="ContentType">What it is, such as <c>image/jpeg</c>.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.JobPreview")]
public sealed record JobPreview([property: Id(0)] ReadOnlyMemory<byte> Content, [property: Id(1)] string ContentType);

/// <summary>A file that an accepted completion brought.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobOutputView")]
public sealed record JobOutputView([property: Id(0)] string Artefact, [property: Id(1)] string Name, [property: Id(2)] string Sha256, [property: Id(3)] long Size);

/// <summary>A failed attempt.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.FailureView")]
public sealed record FailureView(
    [property: Id(0)] int Attempt,
    [property: Id(1)] long Epoch,
    [property: Id(2)] string WorkerId,
    [property: Id(3)] string FailureType,
    [property: Id(4)] string FailureReason,
    [property: Id(5)] string Message,
    [property: Id(6)] long At,
    [property: Id(7)] string FailureClass = "");

/// <summary>An entry of a job's audit log.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobEventView")]
public sealed record JobEventView(
    [property: Id(0)] long Sequence,
    [property: Id(1)] string Type,
    [property: Id(2)] long At,
    [property: Id(3)] string? From,
    [property: Id(4)] string? To,
    [property: Id(5)] int Attempt,
    [property: Id(6)] long Epoch,
    [property: Id(7)] string? WorkerId,
    [property: Id(8)] string? Reason,
    [property: Id(9)] FailureReport? Failure = null);
