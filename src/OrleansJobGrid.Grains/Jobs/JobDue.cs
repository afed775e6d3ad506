using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>When something happens to a job if nothing else does. Every wait has a limit.</summary>
public static class JobDue
{
    /// <summary>How long a requested stop may stay unconfirmed.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    /// <summary>Longest pause.</summary>
    public static readonly TimeSpan PauseLimit = TimeSpan.FromDays(7);

    /// <summary>The next due time of a record, Unix ms.</summary>
    public static long Next(JobRecord record) => Min(OfStatus(record), record.StaleCheckAt);

    /// <summary>When a final record goes.</summary>
    public static long Deletion(JobRecord record) =>
        record.FinishedAt!.Value + (record.Status.IsDeadLetter()
            ? record.KeepFailedMs ?? (long)KeepOptions.DefaultFailed.TotalMilliseconds
            : record.KeepCompletedMs ?? (long)KeepOptions.DefaultCompleted.TotalMilliseconds);

    private static long OfStatus(JobRecord record) => record.Status switch
    {
        JobStatus.Pending => Min(Min(record.DelayedUntil ?? QueueLimit(record), record.Deadline), ExclusionEnd(record)),
        JobStatus.Retrying => Min(record.RetryAt!.Value, record.Deadline),
        JobStatus.Assigned or JobStatus.InProgress => Min(Min(AttemptLimit(record), record.Deadline), StopDue(record)),
        JobStatus.Reconciling => Min(Min(Math.Min(record.Inquiry!.NextAskAt, HoldEnd(record)), record.Deadline), StopDue(record)),
        JobStatus.Paused => Min(PauseEnd(record), record.Deadline),
        _ => Deletion(record),
    };

    /// <summary>End of the wait for a grant.</summary>
    public static long QueueLimit(JobRecord record) =>
        record.PendingSince + (record.QueueTimeoutMs ?? (long)JobSubmissionLimits.QueueTimeout.TotalMilliseconds);

    /// <summary>End of the attempt that runs.</summary>
    public static long AttemptLimit(JobRecord record) => (record.StartedAt ?? record.LastGrant!.At) + record.AttemptTimeoutMs;

    /// <summary>When a requested stop counts as not coming: of a cancel, else of a pause.</summary>
    public static long? StopDue(JobRecord record) => (record.CancelRequestedAt ?? record.PauseRequestedAt) + (long)StopLimit.TotalMilliseconds;

    /// <summary>End of a hold: work that is known to run or to be done has the attempt's time.</summary>
    public static long HoldEnd(JobRecord record) =>
        record.Inquiry!.HeldReason == JobDecisions.NoAdopter ? AttemptLimit(record) : record.Inquiry.HoldUntil;

    /// <summary>End of a pause.</summary>
    public static long PauseEnd(JobRecord record) => record.PausedAt!.Value + (long)PauseLimit.TotalMilliseconds;

    /// <summary>When the first exclusion ends.</summary>
    public static long? ExclusionEnd(JobRecord record) => record.Exclusions?.Min(e => e.Until);

    private static long Min(long value, long? other) => other is { } o && o < value ? o : value;
}
