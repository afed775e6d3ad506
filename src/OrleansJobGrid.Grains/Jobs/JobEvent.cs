using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>An entry of a job's audit log as stored.</summary>
public sealed record JobEvent(
    long Sequence, string Type, long At, JobStatus From, JobStatus To, int Attempt, long Epoch, string? WorkerId, string? Reason, FailureReport? Failure = null);

/// <summary>Names of events.</summary>
public static class JobEventTypes
{
    public const string Submitted = "submitted";
    public const string Released = "released";
    public const string Assigned = "assigned";
    public const string Started = "started";
    public const string Completed = "completed";
    public const string AttemptFailed = "attempt_failed";
    public const string Requeued = "requeued";
    public const string GrantReturned = "grant_returned";
    public const string CancelRequested = "cancel_requested";
    public const string Cancelled = "cancelled";
    public const string Failed = "failed";
    public const string TimedOut = "timed_out";
    public const string ServiceSubmitted = "service_submitted";
    public const string ServiceAccepted = "service_accepted";
    public const string Reconciling = "reconciling";
    public const string Held = "held";
    public const string Adopted = "adopted";
    public const string MachineLost = "machine_lost";
    public const string StaleSubmit = "stale_submit";
    public const string StopRepeated = "stop_repeated";
    public const string PauseRequested = "pause_requested";
    public const string PauseWithdrawn = "pause_withdrawn";
    public const string Paused = "paused";
    public const string Resumed = "resumed";
    public const string Retried = "retried";
    public const string Resolved = "resolved";
    public const string ExclusionEnded = "exclusion_ended";
}
