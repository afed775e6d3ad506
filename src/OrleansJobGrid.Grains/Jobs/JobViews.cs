using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Records as they are shown.</summary>
public static class JobViews
{
    public static JobView Of(string jobId, long version, JobRecord r) => Of(jobId, version, r, ChunksOf(r.Checkpoint));

    /// <summary>How far work in chunks is, by its checkpoint's <c>completed_chunks</c> and <c>total_chunks</c>; null: it is another kind, or there is none.</summary>
    private static (int Completed, int Total)? ChunksOf(byte[]? checkpoint)
    {
        if (checkpoint is not [(byte)'{', ..])
            return null;
        try
        {
            using var json = JsonDocument.Parse(checkpoint);
            return json.RootElement.TryGetProperty("completed_chunks", out var done) && json.RootElement.TryGetProperty("total_chunks", out var total)
                && done.ValueKind == JsonValueKind.Number && total.ValueKind == JsonValueKind.Number && done.TryGetInt32(out var completed) && total.TryGetInt32(out var all)
                ? (completed, all) : null;
        }
        catch (JsonException)
        {
            // A connector's own form.
            return null;
        }
    }

    private static JobView Of(string jobId, long version, JobRecord r, (int Completed, int Total)? chunks) => new()
    {
        Id = jobId,
        Version = version,
        Status = r.Status,
        Service = r.Service,
        Queue = r.Queue,
        Priority = r.Priority,
        Payload = r.Payload.Utf8.ToArray(),
        CustomerId = r.CustomerId,
        WorkflowId = r.WorkflowId,
        WorkflowPriority = r.WorkflowPriority,
        WorkflowTime = r.WorkflowTime,
        Deadline = r.Deadline,
        MaxRetries = r.MaxRetries,
        Retry = r.Retry,
        AttemptTimeoutMs = r.OwnAttemptTimeout ? r.AttemptTimeoutMs : null,
        QueueTimeoutMs = r.QueueTimeoutMs,
        Idempotent = r.Idempotent,
        OnUnknown = r.OnUnknown,
        NotBefore = r.NotBefore,
        Metadata = r.Metadata?.Utf8.ToArray(),
        Attempt = r.Attempt,
        Epoch = r.Epoch,
        WorkerId = r.LastGrant?.WorkerId,
        Progress = r.Status == JobStatus.Completed ? 100 : 0,
        CreatedAt = r.CreatedAt,
        AssignedAt = r.LastGrant?.At,
        StartedAt = r.StartedAt,
        FinishedAt = r.FinishedAt,
        RetryAt = r.RetryAt,
        Result = r.Result?.Utf8.ToArray(),
        Outputs = r.Outputs ?? [],
        Error = r.Error,
        Failures = r.Failures ?? [],
        CancelRequested = r.CancelRequestedAt is not null,
        EndReason = r.EndReason,
        HeldReason = r.Inquiry?.HeldReason,
        PauseRequested = r.PauseRequestedAt is not null,
        Submissions = r.Submissions ?? [],
        Rescues = r.Rescues,
        Fingerprint = r.Fingerprint,
        StallTimeoutMs = r.StallTimeoutMs,
        ResumeJobId = r.ResumeJobId,
        CompletedChunks = chunks?.Completed,
        TotalChunks = chunks?.Total,
        Requirements = r.Requirements,
        Urgency = r.Urgency,
        MemoryFloorMb = r.Exclusions?.Select(e => e.MemoryMb).DefaultIfEmpty(0).Max() is > 0 and var floor ? floor : null,
    };

    public static JobEventView Of(JobEvent e) =>
        new(e.Sequence, e.Type, e.At, e.From == default ? null : e.From.Name(), e.To.Name(), e.Attempt, e.Epoch, e.WorkerId, e.Reason, e.Failure);
}
