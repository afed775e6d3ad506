using System.Globalization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Workers;

namespace OrleansJobGrid.Grains.Operations;

/// <summary>Why a job is where it is, from its record, its queue's view and the workers. Pure.</summary>
internal static class WhyReport
{
    /// <summary>The report.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="record">Its record.</param>
    /// <param name="job">The job as workers see it.</param>
    /// <param name="registered">All registered workers.</param>
    /// <param name="wait">What its queue knows; null: it is not in the view.</param>
    /// <param name="clock">Unix ms.</param>
    public static JobWhy Of(string jobId, JobRecord record, WaitingJob job, IReadOnlyList<KnownWorker> registered, QueueWait? wait, long clock)
    {
        if (record.Status != JobStatus.Pending)
            return new() { JobId = jobId, Status = record.Status, Summary = NotWaiting(record, clock) };
        List<KnownWorker> live = [.. registered.Where(w => w.Claims(job.Need.Service))];
        List<KnownWorker> matching = [.. live.Where(w => w.CouldDo(job))];
        var asked = live.Count > 0 ? live : registered;
        var why = new JobWhy
        {
            JobId = jobId,
            Status = record.Status,
            Summary = "",
            Workable = registered.Any(w => w.CouldDo(job)),
            Registered = registered.Count,
            Live = live.Count,
            Matching = matching.Count,
            Free = matching.Count(w => w.Free > 0),
            Clauses = MatchReport.Clauses(asked, job),
            Wait = wait,
        };
        if (wait is not null && matching.Count > 0 && wait.CustomerHeld is null && wait.Pause is null && record.DelayedUntil is null)
            why = why with { StartP50Seconds = Start(wait, matching, wait.RunP50Seconds), StartP90Seconds = Start(wait, matching, wait.RunP90Seconds) };
        return why with { Summary = Waiting(record, job, why, registered, clock) };
    }

    /// <summary>
    /// Work ahead shared by the slots of the workers that can do it, plus what is left of a run in progress (half of one on average,
    /// all of one at the 90th percentile) where no slot is free. Null: nothing was measured.
    /// </summary>
    private static double? Start(QueueWait wait, List<KnownWorker> matching, double? run)
    {
        if (wait.Position == 1 && wait.NotNow.Count == 0 && matching.Exists(w => w.Free > 0))
            return 0;
        if (run is not { } seconds || wait.RunP50Seconds is not { } middle)
            return null;
        var slots = Math.Max(1, matching.Sum(w => w.Slots));
        var left = matching.Exists(w => w.Free > 0) ? 0 : seconds == middle ? middle / 2 : seconds;
        return (wait.SecondsAhead / slots) + left;
    }

    private static string Waiting(JobRecord record, WaitingJob job, JobWhy why, IReadOnlyList<KnownWorker> registered, long clock)
    {
        if (record.DelayedUntil is { } until && until > clock)
            return $"It is not to start before {Time(until)} (not_before).";
        if (why.Wait?.Pause is { } pause)
        {
            var paused = QueuePauses.Words(record.Queue, pause);
            return $"{paused}{(why.Workable ? $"; {Ahead(why.Wait)}." : $". {MatchReport.Unworkable(registered, job)}")}{QueueEnd(record)}";
        }

        if (!why.Workable)
            return MatchReport.Unworkable(registered, job) + QueueEnd(record);
        if (why.Live == 0)
            return $"No worker claims such jobs now; of those registered {Idle(registered, job)}.{QueueEnd(record)}";
        if (why.Matching == 0)
            return $"No worker that claims such jobs can do it now; of those registered {Idle(registered, job)}. {MatchReport.Words(why.Live, why.Clauses)}.{QueueEnd(record)}";
        if (why.Wait is not { } wait)
            return "It is ready; its queue will show it in a moment.";
        if (wait.CustomerHeld is { } held)
            return $"It waits since {held}.";
        var others = why.Clauses.Count == 0 ? "" : $" {MatchReport.Words(why.Live, why.Clauses)}.";
        if (why.Free == 0)
            return $"All {why.Matching} workers that can do it are busy; {Ahead(wait)}.{others}";
        return wait.NotNow.Count > 0
            ? $"Workers that can do it do not take it now: {string.Join("; ", wait.NotNow.Select(n => $"{n.Value}: {n.Key}"))}.{others}"
            : $"{why.Free} of {why.Matching} workers that can do it have a free slot; {Ahead(wait)}.{others}";
    }

    private static string Ahead(QueueWait wait) => wait.Position == 1
        ? "it is the next"
        : $"{(wait.PositionIsAtLeast ? "more than " : "")}{wait.Position - 1} {(wait.Position == 2 ? "job is" : "jobs are")} before it";

    /// <summary>Such as <c>3 could do it: 1 away, 2 draining</c>.</summary>
    private static string Idle(IReadOnlyList<KnownWorker> registered, WaitingJob job)
    {
        List<KnownWorker> could = [.. registered.Where(w => !w.Claims(job.Need.Service) && w.CouldDo(job))];
        var why = could.GroupBy(w => w.Body switch
        {
            null => "away",
            { Draining: true } => "draining",
            { Outage: not null } => "without a GPU that works",
            _ => "resting since the machine failed several jobs",
        });
        var faulty = could.Find(w => w.Body is { Draining: false });
        var fault = (faulty?.Body!.Outage ?? faulty?.Body!.BreakerOf(job.Need.Service)?.Reason) is { } said ? $" ({faulty!.WorkerId}: {said.TrimEnd('.')})" : "";
        return $"{could.Count} could do it: {string.Join(", ", why.OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}"))}{fault}";
    }

    private static string NotWaiting(JobRecord job, long clock) => job.Status switch
    {
        JobStatus.Assigned => $"It was granted to worker {job.LastGrant!.WorkerId} and begins.",
        JobStatus.InProgress => $"It runs on worker {job.LastGrant!.WorkerId} since {Time(job.StartedAt ?? job.LastGrant.At)}.",
        JobStatus.Retrying => $"Attempt {job.Attempt} failed ({(job.Failures is { Count: > 0 } failures ? failures[^1].Message : job.Error)}); the next one is due {Time(job.RetryAt ?? clock)}.",
        JobStatus.Reconciling => job.Inquiry?.HeldReason is { } held
            ? $"Its owner is lost, and nobody can say what became of it: {held}. It is asked again until {Time(job.Inquiry.HoldUntil)}; 'jobgrid resolve' decides at any time."
            : "Its owner is lost; the service is being asked what became of it.",
        JobStatus.Paused => "It is paused until it is resumed.",
        _ => $"It is {job.Status.Name()}{(job.EndReason is { } reason ? $": {reason}" : job.Error is { } error ? $": {error}" : "")}.",
    };

    private static string QueueEnd(JobRecord job) =>
        $" It ends as timeout at {Time(job.PendingSince + (job.QueueTimeoutMs ?? (long)JobSubmissionLimits.QueueTimeout.TotalMilliseconds))}.";

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
