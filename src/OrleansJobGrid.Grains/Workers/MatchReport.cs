using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>What keeps workers from a job, in counts and words. Pure.</summary>
public static class MatchReport
{
    private const int Examples = 5;

    /// <summary>
    /// Each worker that cannot do it, counted once under the first clause that fails; the most frequent first. Details differ from
    /// worker to worker: those of one clause are gathered, with their counts.
    /// </summary>
    public static IReadOnlyList<ClauseCount> Clauses(IEnumerable<KnownWorker> workers, WaitingJob job) =>
    [
        .. workers.Select(w => (w.WorkerId, Failure: FailureOf(w, job)))
            .Where(w => w.Failure is not null)
            .GroupBy(w => (w.Failure!.Value.Clause, w.Failure.Value.Detail))
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key.Clause, StringComparer.Ordinal).ThenBy(g => g.Key.Detail, StringComparer.Ordinal)
            .Select(g => new ClauseCount(g.Key.Clause, g.Count(), g.Key.Detail, [.. g.Select(w => w.WorkerId).Order(StringComparer.Ordinal).Take(Examples)])),
    ];

    /// <summary>Such as <c>7 workers: 5 lack model X, 2 have 16 GB of the 24 GB needed</c>.</summary>
    public static string Words(int workers, IReadOnlyList<ClauseCount> clauses) =>
        $"{workers} {(workers == 1 ? "worker" : "workers")}: {string.Join(", ", clauses.Select(c => $"{c.Workers} {Plural(c.Workers, c.Detail)}"))}";

    /// <summary>Why no registered worker can do it.</summary>
    public static string Unworkable(IReadOnlyList<KnownWorker> registered, WaitingJob job)
    {
        const string Mend = "The job waits; start a worker that can do it, or cancel the job.";
        if (!registered.Any(w => w.Match.Offers(job.Need.Service)))
            return $"No registered worker does the service '{job.Need.Service}'. {Mend}";
        return $"No registered worker can do it. {Words(registered.Count, Clauses(registered, job))}. {Mend}";
    }

    private static ClauseFailure? FailureOf(KnownWorker worker, WaitingJob job)
    {
        if (Matcher.FirstFailure(job.Need, worker.Match) is { } failure)
            return failure;
        if (Matcher.ExcludesWorker(job.Need, worker.Match))
            return new("excluded", "the job failed there, and is kept away for a while");
        if (!worker.ClaimsFrom(job.Queue, []))
            return new("queue", $"does not claim from queue '{job.Queue}'");
        if (!worker.ClaimsFrom(job.Queue, job.Labels))
            return new("queue_labels", $"lacks label {job.Labels.First(l => !worker.Match.HasLabel(l))}, which queue '{job.Queue}' asks for");
        return worker.Match.EverAllows(job.Customer) ? null : new("customers", $"does not take jobs of customer '{job.Customer}'");
    }

    private static string Plural(int count, string detail) => count == 1 ? detail
        : detail.StartsWith("has ", StringComparison.Ordinal) ? "have " + detail[4..]
        : detail.StartsWith("lacks ", StringComparison.Ordinal) ? "lack " + detail[6..]
        : detail.StartsWith("does ", StringComparison.Ordinal) ? "do " + detail[5..]
        : detail.StartsWith("is ", StringComparison.Ordinal) ? "are " + detail[3..]
        : detail.StartsWith("takes ", StringComparison.Ordinal) ? "take " + detail[6..]
        : detail.StartsWith("serves ", StringComparison.Ordinal) ? "serve " + detail[7..]
        : detail.StartsWith("asks ", StringComparison.Ordinal) ? "ask " + detail[5..]
        : detail;
}
