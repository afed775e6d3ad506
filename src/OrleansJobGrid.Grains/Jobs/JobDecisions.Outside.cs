using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Work in services outside: posts on record, and what a worker without its grant does with its work there.</summary>
public static partial class JobDecisions
{
    private const int KeptSubmissions = 6;
    private const int MarkCharacters = 64;
    private const int ServiceIdCharacters = 256;

    /// <summary>A post is about to leave. With it the work has begun.</summary>
    public static JobAnswer Submit(JobRecord job, GrantToken token, ServiceSubmission submission, long clock)
    {
        if (!Holds(job, token))
            return new(StaleOutcome(job, token));
        if (job.StopRequested)
            return new(ReportOutcome.StopRequested);
        if (job.Submissions?.Any(s => s.ExternalId == submission.ExternalId) == true)
            return new(ReportOutcome.Accepted);
        // A second post of one attempt: the first was not to be found, and may come in all the same.
        var earlier = (job.Submissions ?? []).Select(s => s.Epoch == token.Epoch ? s with { Over = true } : s).ToList();
        var again = earlier.Exists(s => s.Epoch == token.Epoch);
        var after = WithSubmissions(
            job with { StaleCheckAt = again ? clock + submission.SubmitTimeoutMs : job.StaleCheckAt, StaleChecks = again ? 0 : job.StaleChecks },
            [.. earlier.TakeLast(KeptSubmissions - 1), Bounded(submission) with { At = clock, Over = false }]) with
        {
            Status = JobStatus.InProgress,
            StartedAt = job.StartedAt ?? clock,
        };
        var where = $"to {submission.Instance} as {submission.ExternalId}";
        var session = job.LastGrant!.SessionId;
        return new(ReportOutcome.Accepted, job.Status == JobStatus.Assigned
            ? JobChange.Move(job, after, Mover.Worker, JobEventTypes.ServiceSubmitted, clock, where, session)
            : JobChange.Note(job, after, JobEventTypes.ServiceSubmitted, clock, where, session));
    }

    /// <summary>A post that arrived has an id of the service's own. Also an attempt that is to stop tells it: only so its work can be stopped later.</summary>
    public static JobAnswer Named(JobRecord job, GrantToken token, string externalId, string serviceId, long clock)
    {
        if (!Holds(job, token))
            return new(StaleOutcome(job, token));
        if (job.Submissions?.FirstOrDefault(s => s.ExternalId == externalId) is not { } posted)
            return new(ReportOutcome.Stale);
        var taken = serviceId.Length > ServiceIdCharacters ? serviceId[..ServiceIdCharacters] : serviceId;
        if (posted.ServiceId == taken)
            return new(ReportOutcome.Accepted);
        var after = WithSubmissions(job, [.. job.Submissions!.Select(s => s.ExternalId == externalId ? s with { ServiceId = taken } : s)]);
        return new(ReportOutcome.Accepted, JobChange.Note(
            job, after, JobEventTypes.ServiceAccepted, clock, $"{posted.Instance} took {externalId} as {taken}", job.LastGrant!.SessionId));
    }

    /// <summary>The attempt goes on with an earlier post, which came in after all.</summary>
    public static JobAnswer Attach(JobRecord job, GrantToken token, string externalId, long clock)
    {
        if (!Holds(job, token))
            return new(StaleOutcome(job, token));
        if (job.StopRequested)
            return new(ReportOutcome.StopRequested);
        if (job.Adopted == externalId)
            return new(ReportOutcome.Accepted);
        if (job.Submissions?.FirstOrDefault(s => s.ExternalId == externalId) is not { } found)
            return new(ReportOutcome.Stale);
        var after = Reopened(job, found) with { Status = JobStatus.InProgress, StartedAt = job.StartedAt ?? clock };
        var where = $"{externalId} of epoch {found.Epoch} was found at {found.Instance}; this attempt goes on with it";
        var session = job.LastGrant!.SessionId;
        return new(ReportOutcome.Accepted, job.Status == JobStatus.Assigned
            ? JobChange.Move(job, after, Mover.Worker, JobEventTypes.StaleSubmit, clock, where, session)
            : JobChange.Note(job, after, JobEventTypes.StaleSubmit, clock, where, session));
    }

    /// <summary>
    /// What a worker does with work under a token: work that is being asked about, or that another grant took over, is left alone.
    /// </summary>
    public static Directive DirectiveFor(JobRecord job, GrantToken token) =>
        Holds(job, token) ? Directive.Hold
        : (job.Status == JobStatus.Reconciling && !job.StopRequested) || IsAdoptedFrom(job, token) ? Directive.LeaveIt
        : Directive.CancelYours;

    /// <summary>Submissions that may run or have run for the present grant and are not known to be absent, the last one first.</summary>
    public static IEnumerable<ServiceSubmission> Open(JobRecord job) =>
        (job.Submissions ?? []).Where(s => !s.Over && (s.Epoch == job.Epoch || s.ExternalId == job.Adopted)).Reverse();

    /// <summary>Submissions that were not to be found when their job was requeued, and may come in late.</summary>
    public static IEnumerable<ServiceSubmission> Overdue(JobRecord job) => (job.Submissions ?? []).Where(s => s.Over);

    private static ServiceSubmission Bounded(ServiceSubmission submission) => submission with
    {
        BootMark = Bounded(submission.BootMark),
        Node = Bounded(submission.Node),
    };

    private static string? Bounded(string? mark) => mark is { Length: > MarkCharacters } ? mark[..MarkCharacters] : mark;

    private static ReportOutcome StaleOutcome(JobRecord job, GrantToken token) =>
        DirectiveFor(job, token) == Directive.LeaveIt ? ReportOutcome.LeaveIt : ReportOutcome.Stale;

    private static bool IsAdoptedFrom(JobRecord job, GrantToken token) =>
        job.Adopted is { } adopted && job.Status is not (JobStatus.Cancelled or JobStatus.Timeout)
        && token.Epoch < job.Epoch
        && job.Submissions is { } posts
        && posts.Any(s => s.ExternalId == adopted && s.Epoch <= token.Epoch)
        && !posts.Any(s => s.ExternalId != adopted && s.Epoch == token.Epoch);

    private static JobRecord Reopened(JobRecord job, ServiceSubmission found) =>
        WithSubmissions(job, [.. job.Submissions!.Select(s => s.ExternalId == found.ExternalId ? s with { Over = false, Ended = false, Told = false } : s)]) with { Adopted = found.ExternalId };

    /// <summary>
    /// The clock ended the attempt, and the order to stop went to a worker that may be dead: its instance is asked a little later whether
    /// the work runs on.
    /// </summary>
    private static JobRecord LeftBehind(JobRecord job, long clock)
    {
        var open = Open(job).Select(s => s.ExternalId).ToHashSet(StringComparer.Ordinal);
        return open.Count == 0 ? job : job with
        {
            Submissions = [.. job.Submissions!.Select(s => open.Contains(s.ExternalId) ? s with { Over = true } : s)],
            StaleCheckAt = clock + StopPatienceMs,
            StaleChecks = 0,
        };
    }

    /// <summary>Its worker says that the attempt ended; whether its post ended too is looked at once more.</summary>
    private static JobRecord Ended(JobRecord job, long clock)
    {
        if (Open(job).FirstOrDefault() is not { } last)
            return job;
        var open = Open(job).Select(s => s.ExternalId).ToHashSet(StringComparer.Ordinal);
        return job with
        {
            Submissions = [.. job.Submissions!.Select(s => open.Contains(s.ExternalId) ? s with { Over = true, Ended = true } : s)],
            StaleCheckAt = clock + last.SubmitTimeoutMs,
            StaleChecks = 0,
        };
    }

    private static bool IsLeftBehind(JobRecord job, ServiceSubmission submission) =>
        job.Status is JobStatus.Timeout or JobStatus.Cancelled or JobStatus.Failed && (submission.Epoch == job.Epoch || submission.ExternalId == job.Adopted);

    private static JobRecord Without(JobRecord job, ServiceSubmission settled) =>
        WithSubmissions(job, [.. job.Submissions!.Where(s => s.ExternalId != settled.ExternalId)]);

    private static JobRecord WithSubmissions(JobRecord job, List<ServiceSubmission> submissions)
    {
        var overdue = submissions.Exists(s => s.Over);
        return job with
        {
            Submissions = submissions.Count == 0 ? null : submissions,
            StaleCheckAt = overdue ? job.StaleCheckAt : null,
            StaleChecks = overdue ? job.StaleChecks : 0,
        };
    }
}
