using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A job as returned. What it does not have is <c>null</c>.</summary>
internal sealed record JobDocument
{
    public required string Id { get; init; }

    /// <summary>pending, assigned, in_progress, retrying, reconciling, paused, completed, failed, cancelled or timeout.</summary>
    public required string Status { get; init; }
    public required string ServiceRequired { get; init; }
    public required string Queue { get; init; }

    /// <summary>0 to 100, higher first.</summary>
    public required int Priority { get; init; }
    public required RawJson Payload { get; init; }
    public string? CustomerId { get; init; }
    public string? WorkflowId { get; init; }
    public int? WorkflowPriority { get; init; }
    public IsoTime? WorkflowDatetime { get; init; }
    public IsoTime? Deadline { get; init; }
    public int? MaxRetries { get; init; }
    public BackoffDocument? Retry { get; init; }

    /// <summary>Longest attempt, seconds; null: the service's default.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>Longest time of an attempt without progress, seconds; null: the service's default, which may be none.</summary>
    public double? StallTimeoutSeconds { get; init; }

    /// <summary>Longest wait for a start, seconds; null: 7 days.</summary>
    public double? QueueTimeoutSeconds { get; init; }
    public required bool Idempotent { get; init; }
    public string? OnUnknown { get; init; }
    public IsoTime? NotBefore { get; init; }
    public required RawJson Metadata { get; init; }

    /// <summary>What it asks of its worker beside the service.</summary>
    public required RawJson Requirements { get; init; }
    public string? Urgency { get; init; }

    /// <summary>GPU memory that must be free for it since it ran out of less, MB; for a while only.</summary>
    public long? MemoryFloorMb { get; init; }

    /// <summary>The runs that the job is answerable for, from 1; 0 before the first.</summary>
    public required int Attempt { get; init; }

    /// <summary>Raised by every grant to a worker.</summary>
    public required long Epoch { get; init; }
    public string? WorkerId { get; init; }

    /// <summary>0 to 100.</summary>
    public required double Progress { get; init; }
    public string? ProgressMessage { get; init; }

    /// <summary>Chunks that are done by its last checkpoint, and in all; null where it does not work in chunks.</summary>
    public int? CompletedChunks { get; init; }
    public int? TotalChunks { get; init; }
    public string? ResumeJobId { get; init; }
    public required IsoTime CreatedAt { get; init; }
    public IsoTime? AssignedAt { get; init; }
    public IsoTime? StartedAt { get; init; }
    public IsoTime? CompletedAt { get; init; }

    /// <summary>When it failed for good, or a time limit ended it.</summary>
    public IsoTime? FailedAt { get; init; }
    public IsoTime? CancelledAt { get; init; }

    /// <summary>The end of its backoff.</summary>
    public IsoTime? RetryAt { get; init; }
    public required RawJson Result { get; init; }
    public required IReadOnlyList<OutputDocument> Outputs { get; init; }
    public string? Error { get; init; }
    public required IReadOnlyList<FailureDocument> Failures { get; init; }

    /// <summary>Its place in its queue, from 1, while it is pending.</summary>
    public long? QueuePosition { get; init; }

    /// <summary>Why nobody can say what became of it, while that is so; null while its service is being asked.</summary>
    public string? HeldReason { get; init; }

    /// <summary>The posts of its work to services outside that are on record, oldest first.</summary>
    public required IReadOnlyList<ServiceSubmissionDocument> Submissions { get; init; }

    /// <summary>How often work that had begun was rescued from a worker that died.</summary>
    public required int Rescues { get; init; }

    /// <summary>Of a dead letter: equal for failures of the same kind.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Whether no registered worker can do it.</summary>
    public required bool Unworkable { get; init; }
    public string? UnworkableReason { get; init; }
    public required bool CancelRequested { get; init; }
    public required bool PauseRequested { get; init; }

    /// <summary>Why it ended as it did, where that is not told by the error.</summary>
    public string? EndReason { get; init; }

    public static JobDocument Of(JobView job) => new()
    {
        Id = job.Id,
        Status = job.Status.Name(),
        ServiceRequired = job.Service,
        Queue = job.Queue,
        Priority = job.Priority,
        Payload = new RawJson(job.Payload, Checked: true),
        CustomerId = job.CustomerId,
        WorkflowId = job.WorkflowId,
        WorkflowPriority = job.WorkflowPriority,
        WorkflowDatetime = IsoTime.Of(job.WorkflowTime),
        Deadline = IsoTime.Of(job.Deadline),
        MaxRetries = job.MaxRetries,
        Retry = job.Retry is { } retry ? new BackoffDocument(retry.BaseDelayMs / 1000d, retry.MaxDelayMs / 1000d, retry.Multiplier) : null,
        TimeoutSeconds = job.AttemptTimeoutMs / 1000d,
        StallTimeoutSeconds = job.StallTimeoutMs / 1000d,
        QueueTimeoutSeconds = job.QueueTimeoutMs / 1000d,
        Idempotent = job.Idempotent,
        OnUnknown = job.OnUnknown,
        NotBefore = IsoTime.Of(job.NotBefore),
        Metadata = new RawJson(job.Metadata, Checked: true),
        Requirements = new RawJson(job.Requirements is { } requirements ? System.Text.Encoding.UTF8.GetBytes(requirements) : null, Checked: true),
        Urgency = job.Urgency,
        MemoryFloorMb = job.MemoryFloorMb,
        Attempt = job.Attempt,
        Epoch = job.Epoch,
        WorkerId = job.WorkerId,
        Progress = job.Progress,
        ProgressMessage = job.ProgressMessage,
        CompletedChunks = job.CompletedChunks,
        TotalChunks = job.TotalChunks,
        ResumeJobId = job.ResumeJobId,
        CreatedAt = new IsoTime(job.CreatedAt),
        AssignedAt = IsoTime.Of(job.AssignedAt),
        StartedAt = IsoTime.Of(job.StartedAt),
        CompletedAt = Finished(job, JobStatus.Completed),
        FailedAt = Finished(job, JobStatus.Failed) ?? Finished(job, JobStatus.Timeout),
        CancelledAt = Finished(job, JobStatus.Cancelled),
        RetryAt = IsoTime.Of(job.RetryAt),
        Result = new RawJson(job.Result, Checked: false),
        Outputs = OutputDocument.Of(job.Outputs),
        Error = job.Error,
        Failures = [.. job.Failures.Select(FailureDocument.Of)],
        QueuePosition = job.QueuePosition,
        HeldReason = job.HeldReason,
        Submissions = [.. job.Submissions.Select(ServiceSubmissionDocument.Of)],
        Rescues = job.Rescues,
        Fingerprint = job.Fingerprint,
        Unworkable = job.UnworkableReason is not null,
        UnworkableReason = job.UnworkableReason,
        CancelRequested = job.CancelRequested,
        PauseRequested = job.PauseRequested,
        EndReason = job.EndReason,
    };

    private static IsoTime? Finished(JobView job, JobStatus status) => job.Status == status ? IsoTime.Of(job.FinishedAt) : null;
}

/// <summary>A backoff: the first and the longest delay in seconds, and the growth from one to the next.</summary>
internal sealed record BackoffDocument(double BaseDelay, double MaxDelay, double Multiplier);

/// <summary>A file that the job brought; its <c>url</c> is one of this gateway, from its root, unless another was asked for.</summary>
internal sealed record OutputDocument(string Artefact, string Name, string Sha256, long Size, string Url)
{
    /// <summary>Until when a signed <c>url</c> is good; left out where it is not signed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IsoTime? ExpiresAt { get; init; }

    public static IReadOnlyList<OutputDocument> Of(IReadOnlyList<JobOutputView> outputs) =>
        [.. outputs.Select(o => new OutputDocument(o.Artefact, o.Name, o.Sha256, o.Size, ArtefactUrl.Of(o.Artefact)))];
}

/// <summary>A failed attempt.</summary>
internal sealed record FailureDocument(
    int Attempt, long Epoch, string WorkerId, string? FailureClass, string FailureType, string FailureReason, string Message, IsoTime At)
{
    public static FailureDocument Of(FailureView f) =>
        new(f.Attempt, f.Epoch, f.WorkerId, f.FailureClass is "" ? null : f.FailureClass, f.FailureType, f.FailureReason, f.Message, new IsoTime(f.At));
}

/// <summary>
/// A post of the job's work to a service outside, recorded before its first byte left: the n-th of a grant. <c>over</c>: it was found not
/// to be there. Another boot mark later means that the service was restarted. <c>service_id</c>: its own id of the work, where it has to be asked by that.
/// </summary>
internal sealed record ServiceSubmissionDocument(string Instance, string ExternalId, long Epoch, int N, IsoTime At, string? BootMark, bool Over, string? ServiceId)
{
    public static ServiceSubmissionDocument Of(ServiceSubmission s) => new(s.Instance, s.ExternalId, s.Epoch, s.N, new IsoTime(s.At), s.BootMark, s.Over, s.ServiceId);
}
