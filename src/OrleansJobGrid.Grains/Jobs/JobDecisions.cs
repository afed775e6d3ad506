using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>
/// What a word about a job leads to: a change, or an answer without one. Pure: no clock, no randomness, no Orleans. The grain
/// loads, asks here, writes, and calls.
/// </summary>
/// <remarks>
/// The rules: only a grant raises the epoch; a completion is accepted if its token is the last grant's and the state is not final;
/// whatever else a worker says counts only while it holds the job; every edge that ends an attempt settles a requested cancel.
/// </remarks>
public static partial class JobDecisions
{
    // With the largest payload, metadata and checkpoint a record has room for some 20 KB of words, and a character may take 6 bytes:
    // the record keeps the last failures in short, the log has each one whole.
    private const int KeptExclusions = 10;
    private const int KeptFailures = 8;
    private const int MessageCharacters = 160;
    private const int NameCharacters = 40;
    private const int ErrorCharacters = 600;

    /// <summary>A new job; a checkpoint is that of the job that it goes on from.</summary>
    public static JobChange Create(JobSubmission s, long sequence, long clock, long attemptTimeoutMs, KeepOptions keep, byte[]? checkpoint = null)
    {
        var record = new JobRecord
        {
            Status = JobStatus.Pending,
            Service = s.Service,
            Queue = s.Queue,
            Priority = s.Priority,
            Payload = new(s.Payload),
            CustomerId = s.CustomerId,
            WorkflowId = s.WorkflowId,
            WorkflowPriority = s.WorkflowPriority,
            WorkflowTime = s.WorkflowTime,
            Deadline = s.Deadline,
            MaxRetries = s.MaxRetries,
            Retry = s.Retry,
            AttemptTimeoutMs = s.AttemptTimeoutMs ?? attemptTimeoutMs,
            OwnAttemptTimeout = s.AttemptTimeoutMs is not null,
            StallTimeoutMs = s.StallTimeoutMs,
            KeepCompletedMs = keep.Completed == KeepOptions.DefaultCompleted ? null : (long)keep.Completed.TotalMilliseconds,
            KeepFailedMs = keep.Failed == KeepOptions.DefaultFailed ? null : (long)keep.Failed.TotalMilliseconds,
            QueueTimeoutMs = s.QueueTimeoutMs,
            Idempotent = s.Idempotent,
            OnUnknown = s.OnUnknown,
            NotBefore = s.NotBefore,
            Metadata = s.Metadata is null ? null : new(s.Metadata),
            Requirements = s.Requirements,
            Size = s.Size,
            Urgency = s.Urgency,
            BodyHash = s.BodyHash,
            SagaId = s.SagaId,
            ResumeJobId = s.ResumeJobId,
            Checkpoint = checkpoint,
            Sequence = sequence,
            CreatedAt = clock,
            PendingSince = Math.Max(clock, s.NotBefore ?? 0),
            DelayedUntil = s.NotBefore > clock ? s.NotBefore : null,
        };
        return JobChange.Move(null, record, Mover.Submitter, JobEventTypes.Submitted, clock, s.ResumeJobId is { } former ? $"goes on from the checkpoint of job '{former}'" : null);
    }

    /// <summary>Grants a ready job; the operation's id becomes the token. Null: it is not to be had.</summary>
    public static JobChange? Grant(JobRecord job, StartRequest to, Guid operationId, long clock)
    {
        if (!job.IsReady)
            return null;
        var after = job with
        {
            Status = JobStatus.Assigned,
            Attempt = job.Attempt + 1,
            Epoch = job.Epoch + 1,
            LastGrant = new(operationId, to.SessionId, to.WorkerId, clock),
            StartedAt = null,
            RetryAt = null,
            Adopted = null,
            Fetches = 0,
        };
        return JobChange.Move(job, after, Mover.Queue, JobEventTypes.Assigned, clock, session: to.SessionId, operationId: operationId);
    }

    /// <summary>The work has begun.</summary>
    public static JobAnswer Begin(JobRecord job, GrantToken token, long clock)
    {
        if (!Holds(job, token))
            return new(StaleOutcome(job, token));
        if (job.Status == JobStatus.InProgress)
            return new(job.StopRequested ? ReportOutcome.StopRequested : ReportOutcome.Accepted);
        if (job.StopRequested)
            return new(ReportOutcome.StopRequested);
        var after = job with { Status = JobStatus.InProgress, StartedAt = clock };
        return new(ReportOutcome.Accepted, JobChange.Move(job, after, Mover.Worker, JobEventTypes.Started, clock, session: job.LastGrant!.SessionId));
    }

    /// <summary>A state to resume from.</summary>
    public static JobAnswer Checkpoint(JobRecord job, GrantToken token, byte[] state)
    {
        if (!Holds(job, token))
            return new(StaleOutcome(job, token));
        var outcome = job.StopRequested ? ReportOutcome.StopRequested : ReportOutcome.Accepted;
        return new(outcome, JobChange.Note(job, job with { Checkpoint = state }));
    }

    /// <summary>The work is done: accepted from the last grant in any state that is not final.</summary>
    public static JobAnswer Complete(JobRecord job, GrantToken token, CompletionReport report, long clock)
    {
        if (!IsLastGrant(job, token))
            return new(StaleOutcome(job, token));
        if (job.Status.IsFinal())
            return new(job.Status == JobStatus.Completed ? ReportOutcome.Accepted : ReportOutcome.Stale);
        var after = Settled(job) with
        {
            Status = JobStatus.Completed,
            StartedAt = job.StartedAt ?? Math.Max(job.LastGrant!.At, clock - report.DurationMs),
            FinishedAt = clock,
            RetryAt = null,
            PausedAt = null,
            Exclusions = null,
            // Nobody resumes from it any more, and its room is the result's.
            Checkpoint = null,
            Result = report.Result is null ? null : new(report.Result),
            Outputs = report.Outputs.Count == 0 ? null : report.Outputs,
            Error = null,
            EndReason = job.CancelRequestedAt is not null ? "completed before the requested cancel reached it"
                : job.PauseRequestedAt is not null ? "completed before the requested pause reached it" : null,
        };
        var reason = job.Status.IsGranted() ? after.EndReason : $"late result of epoch {token.Epoch}";
        var change = JobChange.Move(job, after, Mover.Worker, JobEventTypes.Completed, clock, reason);
        change.PeakGpuMemoryMb = report.PeakGpuMemoryMb;
        return new(ReportOutcome.Accepted, change);
    }

    /// <summary>The attempt failed.</summary>
    public static JobAnswer Fail(JobRecord job, GrantToken token, FailureReport report, RetryTerms terms, long clock)
    {
        if (!Holds(job, token))
            return new(WasHandled(job, token) ? ReportOutcome.Accepted : StaleOutcome(job, token));
        return new(ReportOutcome.Accepted, Failed(job, report, Mover.Worker, terms, clock));
    }

    /// <summary>The worker stopped without a result; the job keeps its attempt.</summary>
    public static JobAnswer Stopped(JobRecord job, GrantToken token, StopReason reason, RecoveryPolicy policy, long clock)
    {
        if (!Holds(job, token))
            return new(WasHandled(job, token) ? ReportOutcome.Accepted : StaleOutcome(job, token));
        // Whatever was posted outside lives on without its worker, unless that says that it ended it.
        if (reason is not (StopReason.Requested or StopReason.Stalled) && Open(job).Any())
        {
            var left = reason is StopReason.Detached or StopReason.Drained;
            return new(ReportOutcome.Accepted, Reconciling(
                job, Mover.Worker, left ? "its worker leaves, the work goes on outside" : "its worker cannot say what became of the work outside", clock, left, policy, clock));
        }

        // A post of an earlier attempt that nobody can ask about: no reason to try again at once, and as often as one likes.
        if (reason == StopReason.Unsure && !job.StopRequested)
            return new(ReportOutcome.Accepted, Failed(job, UnsureOfEarlier, Mover.Worker, new(null, 0.5), clock));
        if (reason == StopReason.Stalled && !job.StopRequested)
            return new(ReportOutcome.Accepted, TimedOut(job, clock, "it made no progress within its stall timeout", Mover.Worker));
        var ended = Ended(Settled(job), clock);
        if (ByRequest(job, ended, Mover.Worker, clock, "stopped by request") is { } asked)
            return new(ReportOutcome.Accepted, asked);
        // Work that had begun and is not held any more vanished: its worker cannot deliver its end, or forgot it.
        if (reason == StopReason.NotBegun && job.Status == JobStatus.InProgress)
            return new(ReportOutcome.Accepted, Rescued(job, Mover.Worker, JobEventTypes.Requeued, "its worker holds it no more and never said how it ended", true, policy, clock));
        var (eventType, why) = reason switch
        {
            StopReason.NotBegun => (JobEventTypes.GrantReturned, "the grant never reached its worker, or found no use there"),
            StopReason.Requested => (JobEventTypes.Requeued, "it was stopped, and the request was withdrawn meanwhile"),
            _ => (JobEventTypes.Requeued, "its worker leaves"),
        };
        return new(ReportOutcome.Accepted, JobChange.Move(job, TakenBack(ended, clock), Mover.Worker, eventType, clock, why));
    }

    /// <summary>Whether the token is the last grant's and its attempt still runs.</summary>
    private static bool Holds(JobRecord job, GrantToken token) => job.Status.IsGranted() && token == job.Token;

    /// <summary>Whether the token is the last grant's; of a job that was never granted none is, the default token neither.</summary>
    private static bool IsLastGrant(JobRecord job, GrantToken token) => job.LastGrant is not null && token == job.Token;

    /// <summary>Whether the end of this very grant was already written: the same word again gets the same answer.</summary>
    private static bool WasHandled(JobRecord job, GrantToken token) => IsLastGrant(job, token) && job.Status != JobStatus.Completed;

    /// <summary>Back to the queue at its own place; the attempt does not count.</summary>
    private static JobRecord TakenBack(JobRecord job, long clock) =>
        Queued(Settled(job), clock) with { Attempt = Math.Max(0, job.Attempt - 1) };

    /// <summary>In the queue from now on, and kept away from nothing that is over.</summary>
    private static JobRecord Queued(JobRecord job, long clock)
    {
        var exclusions = job.Exclusions?.Where(e => e.Until > clock).ToList();
        return job with { Status = JobStatus.Pending, PendingSince = clock, RetryAt = null, Exclusions = exclusions is { Count: > 0 } ? exclusions : null };
    }

    /// <summary>An attempt's end leaves no request and no question open.</summary>
    private static JobRecord Settled(JobRecord job) => job with { CancelRequestedAt = null, PauseRequestedAt = null, Inquiry = null };

    private static JobChange Failed(JobRecord job, FailureReport report, Mover by, RetryTerms terms, long clock)
    {
        var failure = new FailureView(
            job.Attempt, job.Epoch, job.LastGrant!.WorkerId, Short(report.FailureType, NameCharacters), Short(report.FailureReason, NameCharacters),
            Short(report.Message, MessageCharacters), clock, Short(report.FailureClass, NameCharacters));
        var failed = Ended(Settled(job), clock) with
        {
            Failures = [.. (job.Failures ?? []).TakeLast(KeptFailures - 1), failure],
            Error = Short(report.Message, ErrorCharacters),
        };
        var told = $"{report.FailureType}/{report.FailureReason}: {report.Message}";
        if (job.CancelRequestedAt is not null)
            return Cancelled(job, failed, by, clock, "stopped by request").Preceded(JobEventTypes.AttemptFailed, clock, told, report);
        var decision = RetryDecision.Of(job, report, terms.Draw, terms.Policies, terms.Elsewhere);
        if (decision.Retry && job.PauseRequestedAt is not null)
            return Paused(job, failed, by, clock, "stopped by request").Preceded(JobEventTypes.AttemptFailed, clock, told, report);
        var after = decision switch
        {
            { Retry: false } => Dead(failed, decision.Reason, $"{report.FailureType}/{report.FailureReason}", clock, report.Message),
            { DelayMs: 0 } => Queued(failed, clock),
            _ => failed with { Status = JobStatus.Retrying, RetryAt = clock + decision.DelayMs },
        };
        if (decision is { Retry: true, Exclude: { } exclude })
            after = Excluding(after, exclude, clock);
        var eventType = decision.Retry ? JobEventTypes.Requeued : JobEventTypes.Failed;
        return JobChange.Move(job, after, by, eventType, clock, decision.Reason).Preceded(JobEventTypes.AttemptFailed, clock, told, report);
    }

    /// <summary>The record with a place more where the job is not tried.</summary>
    public static JobRecord Excluding(JobRecord job, RetryExclusion exclude, long clock) => job with
    {
        Exclusions =
        [
            .. (job.Exclusions ?? []).Where(e => e.Until > clock && e.Target != exclude.Target).TakeLast(KeptExclusions - 1),
            new(exclude.Target, clock + exclude.ForMs),
        ],
    };

    private static string Short(string text, int characters) => text.Length <= characters ? text : text[..characters] + " …";

    /// <summary>Every edge that ends an attempt settles what was asked for; null: nothing was.</summary>
    private static JobChange? ByRequest(JobRecord before, JobRecord after, Mover by, long clock, string reason) =>
        before.CancelRequestedAt is not null ? Cancelled(before, after, by, clock, $"stop requested; {reason}")
        : before.PauseRequestedAt is not null ? Paused(before, after with { Attempt = Math.Max(0, after.Attempt - 1) }, by, clock, $"pause requested; {reason}")
        : null;

    private static JobChange Cancelled(JobRecord before, JobRecord after, Mover by, long clock, string reason) =>
        JobChange.Move(
            before,
            after with
            {
                Status = JobStatus.Cancelled,
                FinishedAt = clock,
                EndReason = Short(reason, MessageCharacters),
                RetryAt = null,
                DelayedUntil = null,
                PausedAt = null,
                Exclusions = null,
            },
            by,
            JobEventTypes.Cancelled,
            clock,
            reason);

    private static JobChange Paused(JobRecord before, JobRecord after, Mover by, long clock, string reason) =>
        JobChange.Move(before, after with { Status = JobStatus.Paused, PausedAt = clock, RetryAt = null, DelayedUntil = null }, by, JobEventTypes.Paused, clock, reason);

    private static JobRecord Dead(JobRecord job, string reason, string kind, long clock, string? message = null) => job with
    {
        Status = JobStatus.Failed,
        FinishedAt = clock,
        EndReason = Short(reason, ErrorCharacters),
        Error = Short(message ?? reason, ErrorCharacters),
        RetryAt = null,
        Exclusions = null,
        Fingerprint = FailureFingerprint.Of(job.Service, kind, message ?? kind),
    };
}

/// <summary>An answer to a worker, and the change to write before it is given; null: nothing changes.</summary>
public readonly record struct JobAnswer(ReportOutcome Outcome, JobChange? Change = null);
