using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>What the wheel moves.</summary>
public static partial class JobDecisions
{
    private const int StaleCheckLimit = 3;
    private const long StaleCheckPauseMs = 30_000;
    private const long StopPatienceMs = 3_000;

    /// <summary>The hold of work that is known to run or to be done while no worker can take it over.</summary>
    public const string NoAdopter = "no_adopter";

    /// <summary>Something is due, which the store checks once more by its own clock. Null: not yet.</summary>
    public static JobChange? Due(JobRecord job, RecoveryPolicy policy, long clock)
    {
        var due = JobDue.Next(job);
        if (due > clock)
            return null;
        if (job.StaleCheckAt <= clock)
            return StaleCheck(job, clock).NotEarlierThan(due);
        return job.Status.IsFinal() ? JobChange.Delete(job, due) : Passed(job, policy, clock).NotEarlierThan(due);
    }

    /// <summary>The former instances are asked once more; what does not answer is asked again, and in the end let be.</summary>
    private static JobChange StaleCheck(JobRecord job, long clock) => JobChange.Note(job, job.StaleChecks >= StaleCheckLimit
        ? job with { StaleCheckAt = null, StaleChecks = 0 }
        : job with { StaleCheckAt = clock + StaleCheckPauseMs, StaleChecks = job.StaleChecks + 1 });

    private static JobChange Passed(JobRecord job, RecoveryPolicy policy, long clock)
    {
        // Whatever limit ends the attempt, it was asked to stop, and its submitter was told that it would be cancelled.
        if (job.CancelRequestedAt is not null && (JobDue.StopDue(job) <= clock || LimitPassed(job, clock)))
            return Cancelled(job, LeftBehind(Settled(job), clock), Mover.Wheel, clock, JobDue.StopDue(job) <= clock ? "stop_unconfirmed" : $"stop requested; {Limit(job, clock)}");
        if (job.Deadline <= clock)
            return TimedOut(job, clock, Limit(job, clock));
        if (job.Status.IsGranted() && JobDue.AttemptLimit(job) <= clock)
            return TimedOut(job, clock, Limit(job, clock));
        if (job.PauseRequestedAt is not null && JobDue.StopDue(job) <= clock)
            return JobChange.Note(job, job with { PauseRequestedAt = null }, JobEventTypes.PauseWithdrawn, clock, "its worker did not confirm the stop within 60 s");
        return job.Status switch
        {
            JobStatus.Reconciling when job.Inquiry!.HeldReason == NoAdopter && JobDue.AttemptLimit(job) <= clock => TimedOut(job, clock, Limit(job, clock)),
            JobStatus.Reconciling when job.Inquiry!.HeldReason != NoAdopter && job.Inquiry.HoldUntil <= clock => HeldTooLong(job, policy, clock),
            JobStatus.Reconciling => JobChange.Note(job, job with { Inquiry = job.Inquiry! with { Asks = job.Inquiry.Asks + 1, NextAskAt = clock + RecoveryPolicy.AskAgainMs } }),
            JobStatus.Paused => TimedOut(job, clock, $"it stayed paused for {JobDue.PauseLimit.TotalDays:0} days"),
            JobStatus.Pending when job.DelayedUntil is { } until && until <= clock => JobChange.Note(job, job with { DelayedUntil = null }, JobEventTypes.Released, clock),
            JobStatus.Pending when JobDue.QueueLimit(job) <= clock && job.DelayedUntil is null => TimedOut(job, clock, $"no worker took it within {(clock - job.PendingSince) / 1000} s"),
            JobStatus.Pending => WithoutOldExclusions(job, clock),
            JobStatus.Retrying => JobChange.Move(job, Queued(job, clock), Mover.Wheel, JobEventTypes.Released, clock),
            _ => throw new InvalidOperationException($"Nothing of a job that is {job.Status.Name()} is due."),
        };
    }

    /// <summary>Nobody could say what became of it for the whole limit: its submitter said what to do then.</summary>
    private static JobChange HeldTooLong(JobRecord job, RecoveryPolicy policy, long clock)
    {
        var held = job.Inquiry!;
        var reason = $"for {(clock - held.Since) / 1000} s nobody could say what became of it ({held.HeldReason ?? "no answer"})";
        if ((job.OnUnknown ?? (job.Idempotent ? "rerun" : "fail")) == "fail")
            return JobChange.Move(job, Dead(LeftBehind(Settled(job), clock), $"{reason}; on_unknown is fail", "unknown_outcome", clock), Mover.Wheel, JobEventTypes.Failed, clock, $"{reason}; on_unknown is fail");
        return Rescued(job, Mover.Wheel, JobEventTypes.Requeued, $"{reason}; on_unknown is rerun", !held.Graceful, policy, clock);
    }

    private static JobChange WithoutOldExclusions(JobRecord job, long clock)
    {
        List<Exclusion> left = [.. job.Exclusions!.Where(e => e.Until > clock)];
        return JobChange.Note(job, job with { Exclusions = left.Count == 0 ? null : left }, JobEventTypes.ExclusionEnded, clock);
    }

    private static bool LimitPassed(JobRecord job, long clock) =>
        job.Deadline <= clock || (job.Status.IsGranted() && JobDue.AttemptLimit(job) <= clock)
        || (job.Status == JobStatus.Reconciling && JobDue.HoldEnd(job) <= clock);

    private static string Limit(JobRecord job, long clock) => job.Deadline <= clock
        ? "its deadline passed"
        : job.Status == JobStatus.Reconciling && job.Inquiry!.HeldReason != NoAdopter ? "nobody could say what became of it"
        : $"attempt {job.Attempt} ran longer than {job.AttemptTimeoutMs / 1000.0:0.###} s";

    private static JobChange TimedOut(JobRecord job, long clock, string reason, Mover by = Mover.Wheel) =>
        JobChange.Move(
            job,
            LeftBehind(Settled(job), clock) with
            {
                Status = JobStatus.Timeout,
                FinishedAt = clock,
                EndReason = reason,
                Error = reason,
                RetryAt = null,
                DelayedUntil = null,
                PausedAt = null,
                Exclusions = null,
                Fingerprint = FailureFingerprint.Of(job.Service, "timeout", reason),
            },
            by,
            JobEventTypes.TimedOut,
            clock,
            reason);
}
