using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.DeadLetters;

/// <summary>Counts dead letters by kind.</summary>
internal static class DeadLetterGroups
{
    /// <summary>Dead letters that are looked at, the newest ones.</summary>
    public const int Most = 5_000;

    private const int Page = 250;

    public static async Task<(IReadOnlyList<DeadLetterGroupDocument> Groups, bool Truncated)> ReadAsync(IJobQueryGrain query, CancellationToken cancellationToken)
    {
        var groups = new Dictionary<(string?, string), DeadLetterGroupDocument>();
        var filter = new JobFilter { DeadLetters = true, Limit = Page };
        var read = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await query.List(filter);
            foreach (var job in page.Jobs)
                Count(groups, job);
            read += page.Jobs.Count;
            if (page.NextCursor is null || read >= Most)
                return ([.. groups.Values.OrderByDescending(g => g.Count).ThenByDescending(g => g.LastAt.UnixMs)], page.NextCursor is not null);
            filter = filter with { Cursor = page.NextCursor, Limit = Math.Min(Page, Most - read) };
        }
    }

    private static void Count(Dictionary<(string?, string), DeadLetterGroupDocument> groups, JobView job)
    {
        var at = new IsoTime(job.FinishedAt ?? job.CreatedAt);
        var key = (job.Fingerprint, job.Service);
        groups[key] = groups.TryGetValue(key, out var group)
            ? group with { Count = group.Count + 1, FirstAt = Earlier(group.FirstAt, at), LastAt = Earlier(group.LastAt, at) == at ? group.LastAt : at }
            : Begin(job, at);
    }

    private static DeadLetterGroupDocument Begin(JobView job, IsoTime at)
    {
        // The last failure is the cause only if it ended the last grant: a job that killed its workers died of something else.
        var cause = job.Status == JobStatus.Failed && job.Failures is [.., var last] && last.Epoch == job.Epoch ? last : null;
        return new(
            job.Fingerprint,
            job.Service,
            cause?.FailureType ?? (job.Status == JobStatus.Timeout ? "timeout" : null),
            cause?.FailureReason,
            job.Error ?? job.EndReason,
            1,
            at,
            at,
            job.Id);
    }

    private static IsoTime Earlier(IsoTime a, IsoTime b) => a.UnixMs <= b.UnixMs ? a : b;
}
