using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Decisions that no worker asks for: requests of people, the wheel, recovery.</summary>
public static partial class JobDecisions
{
    /// <summary>Somebody asks for the job's end.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Cancel(JobRecord job, string reason, long clock)
    {
        if (job.Status == JobStatus.Cancelled)
            return (new(true, true, job.Status, "The job is cancelled."), null);
        if (job.Status.IsFinal())
            return (new(true, false, job.Status, $"The job is {job.Status.Name()} already, which is final."), null);
        if (!job.Status.IsGranted())
            return (new(true, true, JobStatus.Cancelled, "The job is cancelled."), Cancelled(job, job, Mover.Submitter, clock, reason));
        if (job.CancelRequestedAt is not null)
            return (new(true, true, job.Status, "The job was asked to stop before; its worker has not confirmed yet."), null);
        var asked = job with { CancelRequestedAt = clock };
        return (new(true, true, job.Status, "The job's worker is told to stop it."), JobChange.Note(job, asked, JobEventTypes.CancelRequested, clock, reason));
    }

    /// <summary>
    /// The session that held the job is over, and its work with it. Connectors that outlive their worker can be asked; none of
    /// those exists yet, so the job goes back to its place.
    /// </summary>
    public static JobChange? SessionEnded(JobRecord job, string sessionId, string reason, long clock)
    {
        if (!job.Status.IsGranted() || job.LastGrant!.SessionId != sessionId)
            return null;
        return job.CancelRequestedAt is not null
            ? Cancelled(job, Settled(job), Mover.Recovery, clock, $"stop requested; {reason}")
            : JobChange.Move(job, TakenBack(job, clock), Mover.Recovery, JobEventTypes.Requeued, clock, reason);
    }

    /// <summary>Something is due, which the store checks once more by its own clock. Null: not yet.</summary>
    public static JobChange? Due(JobRecord job, long clock)
    {
        var due = JobDue.Next(job);
        return due > clock ? null : job.Status.IsFinal() ? JobChange.Delete(job, due) : Passed(job, clock).NotEarlierThan(due);
    }

    private static JobChange Passed(JobRecord job, long clock)
    {
        // Whatever limit ends the attempt, it was asked to stop, and its submitter was told that it would be cancelled.
        if (job.CancelRequestedAt is not null)
            return Cancelled(job, Settled(job), Mover.Wheel, clock, JobDue.StopDue(job) <= clock ? "stop_unconfirmed" : $"stop requested; {Limit(job, clock)}");
        if (job.Deadline <= clock)
            return TimedOut(job, clock, Limit(job, clock));
        if (job.DelayedUntil is not null)
            return JobChange.Note(job, job with { DelayedUntil = null }, JobEventTypes.Released, clock);
        if (job.Status == JobStatus.Pending)
            return TimedOut(job, clock, $"no worker took it within {(clock - job.PendingSince) / 1000} s");
        if (job.Status == JobStatus.Retrying)
            return JobChange.Move(job, job with { Status = JobStatus.Pending, PendingSince = clock, RetryAt = null }, Mover.Wheel, JobEventTypes.Released, clock);
        return TimedOut(job, clock, Limit(job, clock));
    }

    private static string Limit(JobRecord job, long clock) => job.Deadline <= clock
        ? "its deadline passed"
        : $"attempt {job.Attempt} ran longer than {job.AttemptTimeoutMs / 1000.0:0.###} s";

    private static JobChange TimedOut(JobRecord job, long clock, string reason) =>
        JobChange.Move(
            job,
            Settled(job) with { Status = JobStatus.Timeout, FinishedAt = clock, EndReason = reason, Error = reason, RetryAt = null, DelayedUntil = null },
            Mover.Wheel,
            JobEventTypes.TimedOut,
            clock,
            reason);
}
