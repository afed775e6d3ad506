using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>What becomes of a job whose owner is lost: its service is asked, and the answer decides.</summary>
public static partial class JobDecisions
{
    /// <summary>A worker stops by its own clock, and what it sent within its lease has left by then.</summary>
    private const long AfterLeaseMs = 1_000;

    /// <summary>Adopters that may try to fetch outputs that are done, before that is a failure of the attempt.</summary>
    private const int FetchLimit = 5;

    /// <summary>
    /// The session that held the job is over. Work that was posted to a service outside is asked about; any other ended with the worker
    /// and goes back to its place.
    /// </summary>
    public static JobChange? SessionEnded(JobRecord job, SessionEnd end, RecoveryPolicy policy, long clock)
    {
        if (!job.Status.IsGranted() || job.LastGrant!.SessionId != end.SessionId)
            return null;
        if (Open(job).Any())
            return Reconciling(job, Mover.Recovery, end.Reason, end.LeaseEndedAt, !end.Abnormal, policy, clock);
        if (ByRequest(job, Settled(job), Mover.Recovery, clock, end.Reason) is { } asked)
            return asked;
        // What is written before the work begins had not begun while it was only assigned.
        var begun = job.Status == JobStatus.InProgress || !end.DeclaredServices.Contains(job.Service);
        return Rescued(job, Mover.Recovery, JobEventTypes.Requeued, end.Reason, end.Abnormal && begun, policy, clock);
    }

    /// <summary>
    /// What was found about a submission. Null: it tells nothing new. The adopter's grant has <paramref name="operationId"/> as its token.
    /// </summary>
    public static JobChange? Judge(JobRecord job, long version, Verdict verdict, Guid operationId, RecoveryPolicy policy, RetryTerms terms, long clock)
    {
        if (job.Submissions?.FirstOrDefault(s => s.ExternalId == verdict.ExternalId) is not { } submission)
            return null;
        if (submission.Over)
            return JudgeOverdue(job, submission, verdict, operationId, clock);
        if (job.Status != JobStatus.Reconciling || version != verdict.Version)
            return null;
        return verdict.Finding switch
        {
            Finding.Running when job.StopRequested => AskAgain(job, clock, null),
            Finding.Completed when job.Fetches >= FetchLimit => Failed(job, OutputsUnreachable(submission), Mover.Recovery, terms, clock),
            Finding.Running or Finding.Completed => Adopted(job, submission, verdict, operationId, clock),
            Finding.Failed => Failed(job, verdict.Failure ?? FailedOutside, Mover.Recovery, terms, clock),
            Finding.Cancelled => CancelledOutside(job, terms, clock),
            Finding.Absent => Absent(job, submission, verdict, policy, clock),
            Finding.Untellable => Untellable(job, submission, clock),
            _ => Unknown(job, submission, verdict, policy, clock),
        };
    }

    /// <summary>A rescue by an operator's word.</summary>
    public static (ControlAnswer Answer, JobChange? Change) Resolve(JobRecord job, Resolution resolution, string reason, byte[]? result, long clock)
    {
        if (job.Status != JobStatus.Reconciling)
            return (new(true, false, job.Status, $"The job is {job.Status.Name()}: only a job that is reconciling can be resolved."), null);
        return resolution switch
        {
            Resolution.Completed => (new(true, true, JobStatus.Completed, "The job is completed by an operator's word."), JobChange.Move(
                job,
                Settled(job) with { Status = JobStatus.Completed, FinishedAt = clock, Checkpoint = null, Error = null, Result = result is null ? null : new(result), EndReason = $"resolved: {Short(reason, MessageCharacters)}" },
                Mover.Operator, JobEventTypes.Resolved, clock, reason)),
            Resolution.Requeue => (new(true, true, JobStatus.Pending, "The job is back in its queue."),
                JobChange.Move(job, Requeued(job, clock), Mover.Operator, JobEventTypes.Resolved, clock, reason)),
            Resolution.Fail => (new(true, true, JobStatus.Failed, "The job is a dead letter."),
                JobChange.Move(job, Dead(Settled(job), $"resolved: {reason}", "operator", clock), Mover.Operator, JobEventTypes.Resolved, clock, reason)),
            _ => throw new ArgumentOutOfRangeException(nameof(resolution), resolution, "No such resolution."),
        };
    }

    /// <summary>The lease is revoked by this write; the service is asked next.</summary>
    private static JobChange Reconciling(JobRecord job, Mover by, string reason, long leaseEndedAt, bool graceful, RecoveryPolicy policy, long clock)
    {
        var inquiry = new Inquiry(clock, leaseEndedAt, graceful, clock + RecoveryPolicy.AskAgainMs, clock + (long)policy.HoldLimit.TotalMilliseconds, Asks: 1);
        return JobChange.Move(job, job with { Status = JobStatus.Reconciling, Inquiry = inquiry }, by, JobEventTypes.Reconciling, clock, reason);
    }

    private static JobChange Adopted(JobRecord job, ServiceSubmission submission, Verdict verdict, Guid operationId, long clock)
    {
        if (verdict.Adopter is not { } adopter)
            return AskAgain(job, clock, NoAdopter);
        var done = verdict.Finding == Finding.Completed;
        var how = !done ? "runs" : job.StopRequested ? "is done; the requested stop came too late" : "is done";
        var after = Reopened(job, submission) with
        {
            // A completion that came first wins over a request, and fetching it is not measured by the time that the work took.
            CancelRequestedAt = done ? null : job.CancelRequestedAt,
            PauseRequestedAt = done ? null : job.PauseRequestedAt,
            StartedAt = done ? clock : job.StartedAt ?? clock,
            Fetches = done ? job.Fetches + 1 : job.Fetches,
            Status = JobStatus.InProgress,
            // The run was not counted any more when its job was requeued; now it is again.
            Attempt = job.Status == JobStatus.Reconciling ? job.Attempt : job.Attempt + 1,
            Epoch = job.Epoch + 1,
            LastGrant = new(operationId, adopter.SessionId, adopter.WorkerId, clock),
            RetryAt = null,
            DelayedUntil = null,
            Inquiry = null,
        };
        return JobChange.Move(
            job, after, Mover.Recovery, JobEventTypes.Adopted, clock, $"{submission.ExternalId} {how} at {submission.Instance}", adopter.SessionId, operationId);
    }

    private static JobChange CancelledOutside(JobRecord job, RetryTerms terms, long clock) =>
        ByRequest(job, Settled(job), Mover.Recovery, clock, "stopped at its service")
        ?? (job.Inquiry!.StopTold ? JobChange.Move(job, Requeued(job, clock), Mover.Recovery, JobEventTypes.Requeued, clock, "it was stopped at its service, and the request was withdrawn meanwhile") : null)
        ?? Failed(job, CancelledByOthers, Mover.Recovery, terms, clock);

    private static JobChange Absent(JobRecord job, ServiceSubmission submission, Verdict verdict, RecoveryPolicy policy, long clock)
    {
        var inquiry = job.Inquiry!;
        var restarted = submission.BootMark is { } then && verdict.BootMark is { } now && then != now;
        var surely = inquiry.AbsentAt is { } first && verdict.AskedAt > first && verdict.AskedAt >= inquiry.LeaseEndedAt + AfterLeaseMs;
        if (!restarted && !surely)
        {
            var again = Math.Max(clock + 500, inquiry.LeaseEndedAt + AfterLeaseMs);
            return JobChange.Note(job, job with { Inquiry = inquiry with { AbsentAt = inquiry.AbsentAt ?? verdict.AskedAt, NextAskAt = again, HeldReason = null } });
        }

        var over = job with
        {
            Submissions = [.. job.Submissions!.Select(s => s.ExternalId == submission.ExternalId ? s with { Over = true } : s)],
            StaleCheckAt = clock + submission.SubmitTimeoutMs,
            StaleChecks = 0,
        };
        if (Open(over).Any())
            return JobChange.Note(job, over with { Inquiry = inquiry with { AbsentAt = null, NextAskAt = clock, HeldReason = null } });
        var why = restarted ? $"{submission.Instance} was restarted and does not know {submission.ExternalId}" : $"{submission.Instance} does not know {submission.ExternalId}";
        return ByRequest(job, Settled(over), Mover.Recovery, clock, why) ?? Rescued(job, over, Mover.Recovery, JobEventTypes.Requeued, why, !inquiry.Graceful, policy, clock);
    }

    /// <summary>No later question would find more: <c>on_unknown</c> decides now.</summary>
    private static JobChange Untellable(JobRecord job, ServiceSubmission submission, long clock)
    {
        var reason = $"cannot_be_asked: {submission.Instance} has no way to tell what became of {submission.ExternalId}";
        return JobChange.Note(job, job with { Inquiry = job.Inquiry! with { HoldUntil = clock, NextAskAt = clock, HeldReason = reason } }, JobEventTypes.Held, clock, reason);
    }

    /// <summary>Held: asked again with backoff, until the machine counts as lost or the limit decides.</summary>
    private static JobChange Unknown(JobRecord job, ServiceSubmission submission, Verdict verdict, RecoveryPolicy policy, long clock)
    {
        var gone = submission.Node is not null && !verdict.NodeAlive;
        var inquiry = job.Inquiry!;
        var since = gone ? inquiry.NodeGoneSince ?? (inquiry.NodeSeen ? verdict.AskedAt : inquiry.Since) : (long?)null;
        var lostAt = since + (long)policy.LostMachineAfter.TotalMilliseconds;
        if (lostAt <= clock)
        {
            var why = $"machine {submission.Node} is gone, and {submission.Instance} with it";
            return ByRequest(job, Settled(job), Mover.Recovery, clock, why)
                ?? Rescued(job, Mover.Recovery, JobEventTypes.MachineLost, why, !job.Inquiry!.Graceful, policy, clock);
        }

        var held = verdict.Finding == Finding.NobodyCanAsk ? "nobody_can_ask" : "unreachable";
        var change = AskAgain(job with { Inquiry = inquiry with { NodeGoneSince = since, NodeSeen = inquiry.NodeSeen || verdict.NodeAlive } }, clock, verdict.Reason is null ? held : $"{held}: {Short(verdict.Reason, MessageCharacters)}", job);
        return change;
    }

    private static JobChange AskAgain(JobRecord job, long clock, string? heldReason, JobRecord? before = null)
    {
        var inquiry = job.Inquiry!;
        var after = job with { Inquiry = inquiry with { NextAskAt = clock + RecoveryPolicy.Pause(inquiry.Asks), AbsentAt = null, HeldReason = heldReason } };
        // The log tells each new reason, not each question.
        return heldReason is null || heldReason == inquiry.HeldReason
            ? JobChange.Note(before ?? job, after)
            : JobChange.Note(before ?? job, after, JobEventTypes.Held, clock, heldReason);
    }

    /// <summary>
    /// A post that came in after its job had gone on: taken over where nobody has begun anew, else told once and stopped. It stays on record
    /// until it is known to have ended; what is done stays until the job is final, since the next attempt may fetch it.
    /// </summary>
    private static JobChange? JudgeOverdue(JobRecord job, ServiceSubmission submission, Verdict verdict, Guid operationId, long clock)
    {
        var reason = $"{submission.ExternalId} of epoch {submission.Epoch} came in at {submission.Instance} after all";
        var leftBehind = IsLeftBehind(job, submission);
        var told = submission.Told || submission.Ended || leftBehind;
        switch (verdict.Finding)
        {
            // It may still sit in front of a service that hangs: the wheel asks some times more.
            case Finding.Absent when !told:
                return null;
            // Nobody will ever know more of it.
            case Finding.Untellable:
            case Finding.Absent or Finding.Failed or Finding.Cancelled when told:
                return JobChange.Note(job, Without(job, submission));
            case Finding.Failed or Finding.Cancelled:
                return JobChange.Note(job, Without(job, submission), JobEventTypes.StaleSubmit, clock, $"{reason}, and ended there without a result");
            case Finding.Running or Finding.Completed when job.Status is JobStatus.Pending or JobStatus.Retrying && verdict.Adopter is not null:
                return Adopted(job, submission, verdict, operationId, clock).Preceded(JobEventTypes.StaleSubmit, clock, reason);
            case Finding.Running when submission.Told:
                return null;
            case Finding.Running:
                var (type, words) = leftBehind
                    ? (JobEventTypes.StopRepeated, $"{submission.ExternalId} still ran at {submission.Instance}; it is told to stop")
                    : (JobEventTypes.StaleSubmit, $"{reason}; it is told to stop");
                return JobChange.Note(job, Telling(job, submission), type, clock, words);
            // The present grant's own work, which the clock ended: nothing was done twice.
            case Finding.Completed when job.Status.IsFinal() && told:
                return JobChange.Note(job, Without(job, submission));
            case Finding.Completed when job.Status.IsFinal():
                return JobChange.Note(job, Without(job, submission), JobEventTypes.StaleSubmit, clock, $"{reason}, and was done");
            case Finding.Completed when !submission.Told:
                return JobChange.Note(job, Telling(job, submission), JobEventTypes.StaleSubmit, clock, $"{reason}, and is done");
            default:
                return null;
        }
    }

    private static JobRecord Telling(JobRecord job, ServiceSubmission told) =>
        job with { Submissions = [.. job.Submissions!.Select(s => s.ExternalId == told.ExternalId ? s with { Told = true } : s)] };

    private static JobChange Rescued(JobRecord job, Mover by, string eventType, string reason, bool counts, RecoveryPolicy policy, long clock) =>
        Rescued(job, job, by, eventType, reason, counts, policy, clock);

    /// <summary>Back to the queue, unless the job killed too many of its workers.</summary>
    private static JobChange Rescued(JobRecord before, JobRecord job, Mover by, string eventType, string reason, bool counts, RecoveryPolicy policy, long clock)
    {
        if (counts && job.Rescues >= policy.Rescues)
        {
            var poison = $"poison: its worker or its service was lost {job.Rescues + 1} times with the work begun, the last time: {reason}";
            return JobChange.Move(before, Dead(Settled(job), poison, "poison", clock), by, JobEventTypes.Failed, clock, poison);
        }

        var after = Requeued(job, clock) with { Rescues = job.Rescues + (counts ? 1 : 0) };
        return JobChange.Move(before, after, by, eventType, clock, reason);
    }

    private static JobRecord Requeued(JobRecord job, long clock) => TakenBack(job, clock) with
    {
        // Whatever may still come in of this grant is looked for once more.
        Submissions = job.Submissions?.Select(s => s.Epoch == job.Epoch || s.ExternalId == job.Adopted ? s with { Over = true } : s).ToList(),
        StaleCheckAt = job.StaleCheckAt ?? (Open(job).FirstOrDefault() is { } open ? clock + open.SubmitTimeoutMs : null),
        Adopted = null,
    };

    private static FailureReport FailedOutside { get; } = new()
    {
        FailureClass = FailureClasses.Transient,
        FailureType = "service_error",
        FailureReason = "unknown_error",
        Message = "It failed at its service, which does not say why.",
        Stage = "run",
    };

    private static FailureReport OutputsUnreachable(ServiceSubmission submission) => new()
    {
        FailureClass = FailureClasses.Transient,
        FailureType = "response_error",
        FailureReason = "output_unreachable",
        Message = $"{submission.Instance} says that {submission.ExternalId} is done, but its outputs could not be fetched in {FetchLimit} tries.",
        Stage = "fetch",
        Instance = submission.Instance,
    };

    private static FailureReport UnsureOfEarlier { get; } = new()
    {
        FailureClass = FailureClasses.Transient,
        FailureType = "network_error",
        FailureReason = "service_down",
        Message = "The worker cannot say what became of an earlier post, and has made none itself.",
        Stage = "prepare",
    };

    private static FailureReport CancelledByOthers { get; } = new()
    {
        FailureClass = FailureClasses.Transient,
        FailureType = "service_error",
        FailureReason = "cancelled_outside",
        Message = "Somebody stopped it at its service, not the grid.",
        Stage = "run",
    };
}
