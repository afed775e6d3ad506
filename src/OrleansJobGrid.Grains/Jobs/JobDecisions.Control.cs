using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// Requests of people. Each is idempotent: what holds already is answered as before; what the state does not allow is refused with
/// the reason.
/// </summary>
public static partial class JobDecisions
{
    /// <summary>Somebody asks for the job's end.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Cancel(JobRecord job, string reason, long clock)
    {
        if (job.Status == JobStatus.Cancelled)
            return (new(true, true, job.Status, "The job is cancelled."), null);
        if (job.Status.IsFinal())
            return (new(true, false, job.Status, $"The job is {job.Status.Name()} already, which is final."), null);
        if (!job.Status.IsGranted() && job.Status != JobStatus.Reconciling)
            return (new(true, true, JobStatus.Cancelled, "The job is cancelled."), Cancelled(job, job, Mover.Submitter, clock, reason));
        if (job.CancelRequestedAt is not null)
            return (new(true, true, job.Status, "The job was asked to stop before; that is not confirmed yet."), null);
        // A cancel says more than a pause.
        var asked = AskedToStop(job, clock) with { CancelRequestedAt = clock, PauseRequestedAt = null };
        var message = job.Status == JobStatus.Reconciling ? "The job's service is asked to stop it." : "The job's worker is told to stop it.";
        return (new(true, true, job.Status, message), JobChange.Note(job, asked, JobEventTypes.CancelRequested, clock, reason));
    }

    /// <summary>Somebody asks for a pause; the checkpoint is kept.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Pause(JobRecord job, string reason, long clock)
    {
        if (job.Status == JobStatus.Paused)
            return (new(true, true, job.Status, "The job is paused."), null);
        if (job.Status.IsFinal())
            return (new(true, false, job.Status, $"The job is {job.Status.Name()} already, which is final."), null);
        if (job.CancelRequestedAt is not null)
            return (new(true, false, job.Status, "The job is being cancelled."), null);
        if (job.Status is JobStatus.Pending or JobStatus.Retrying)
            return (new(true, true, JobStatus.Paused, "The job is paused."), Paused(job, job, Mover.Submitter, clock, reason));
        if (job.PauseRequestedAt is not null)
            return (new(true, true, job.Status, "The job was asked to pause before; that is not confirmed yet."), null);
        var asked = AskedToStop(job, clock) with { PauseRequestedAt = clock };
        return (new(true, true, job.Status, "The job's worker is told to pause it."), JobChange.Note(job, asked, JobEventTypes.PauseRequested, clock, reason));
    }

    /// <summary>Back to its place in the queue; a pause that has not come about is withdrawn.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Resume(JobRecord job, string reason, long clock)
    {
        if (job.Status.IsFinal())
            return (new(true, false, job.Status, $"The job is {job.Status.Name()} already, which is final."), null);
        if (job.Status == JobStatus.Paused)
        {
            // Its time of waiting stood still.
            var after = Queued(job, clock) with { PausedAt = null, PendingSince = Math.Max(clock, job.NotBefore ?? 0), DelayedUntil = job.NotBefore > clock ? job.NotBefore : null };
            return (new(true, true, JobStatus.Pending, "The job is back in its queue."), JobChange.Move(job, after, Mover.Submitter, JobEventTypes.Resumed, clock, reason));
        }

        if (job.PauseRequestedAt is not null)
            return (new(true, true, job.Status, "The pause is withdrawn."), JobChange.Note(job, job with { PauseRequestedAt = null }, JobEventTypes.PauseWithdrawn, clock, reason));
        return (new(true, true, job.Status, $"The job is {job.Status.Name()}, not paused."), null);
    }

    /// <summary>A dead letter is tried again: its history stays, its attempts are counted anew.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Retry(JobRecord job, string reason, long clock)
    {
        if (!job.Status.IsDeadLetter())
        {
            return job.RetriedAt is not null && !job.Status.IsFinal()
                ? (new(true, true, job.Status, $"The job was put back before and is {job.Status.Name()}."), null)
                : (new(true, false, job.Status, $"The job is {job.Status.Name()}: only a dead letter (failed, timeout) can be tried again."), null);
        }

        if (job.Deadline <= clock)
            return (new(true, false, job.Status, "The job's deadline has passed, so another attempt would time out at once. Submit it anew without a deadline."), null);
        var after = Requeued(job, clock) with
        {
            // No run is taken back: its attempts are done, and forgiven.
            Attempt = job.Attempt,
            AttemptsBefore = job.Attempt,
            RetriedAt = clock,
            StartedAt = null,
            Rescues = 0,
            FinishedAt = null,
            EndReason = null,
            Error = null,
            Exclusions = null,
            Fingerprint = null,
        };
        return (new(true, true, JobStatus.Pending, "The job is back in its queue."), JobChange.Move(job, after, Mover.Operator, JobEventTypes.Retried, clock, reason));
    }

    /// <summary>A dead letter goes, with its history.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Purge(JobRecord job, long clock) => job.Status.IsDeadLetter()
        ? (new(true, true, job.Status, "The dead letter is deleted."), JobChange.Delete(job, clock))
        : (new(true, false, job.Status, $"The job is {job.Status.Name()}: only a dead letter (failed, timeout) can be purged."), null);

    /// <summary>Its service is asked, and told to stop it, at once.</summary>
    private static JobRecord AskedToStop(JobRecord job, long clock) => job.Inquiry is { } inquiry ? job with { Inquiry = inquiry with { NextAskAt = clock, StopTold = true } } : job;
}
