using System.Globalization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Operations;

/// <summary>
/// Lists jobs by the smallest index that the filter names, merged over the shards, and checks the rest of the filter on the
/// records; one call reads at most <see cref="StoreLimits.ReadPage"/> entries.
/// </summary>
public sealed class JobLister(IJobStore store)
{
    private const int MaxLimit = 500;

    /// <summary>Throws <see cref="ArgumentException"/> for a cursor that is not one of this list's.</summary>
    public async Task<(IReadOnlyList<(string Id, long Version, JobRecord Record)> Jobs, string? NextCursor)> List(JobFilter filter)
    {
        var limit = Math.Clamp(filter.Limit, 1, MaxLimit);
        var byId = filter.IdPrefix is not null;
        var index = byId ? JobIndexes.Ids : await Smallest(filter);
        var after = Parse(filter.Cursor) ?? (byId ? Before(filter.IdPrefix!) : null);
        var jobs = new List<(string, long, JobRecord)>(limit);
        for (var read = 0; read < StoreLimits.ReadPage;)
        {
            var page = await Merge(index, after, descending: !byId, limit);
            foreach (var (entry, job) in page)
            {
                read++;
                after = entry;
                if (byId && !entry.JobId.StartsWith(filter.IdPrefix!, StringComparison.Ordinal))
                {
                    if (string.CompareOrdinal(entry.JobId, filter.IdPrefix) > 0)
                        return (jobs, null);
                    continue;
                }

                if (job is null || !Matches(job.Value.Record, filter))
                    continue;
                jobs.Add((entry.JobId, job.Value.Version, job.Value.Record));
                if (jobs.Count == limit)
                    return (jobs, Format(entry));
            }

            if (page.Count < limit)
                return (jobs, null);
        }

        return (jobs, Format(after!.Value));
    }

    private async Task<string> Smallest(JobFilter filter)
    {
        var indexes = new List<string>();
        if (filter.Status is { } status)
            indexes.Add(JobIndexes.Status(status));
        if (filter.Service is { } service)
            indexes.Add(JobIndexes.Service(service));
        if (filter.CustomerId is { } customer)
            indexes.Add(JobIndexes.Customer(customer));
        if (filter.WorkflowId is { } workflow)
            indexes.Add(JobIndexes.Workflow(workflow));
        if (filter.Fingerprint is { } fingerprint)
            indexes.Add(JobIndexes.DeadOf(fingerprint));
        else if (filter.DeadLetters)
            indexes.Add(JobIndexes.Dead);
        if (indexes.Count <= 1)
            return indexes.FirstOrDefault(JobIndexes.All);
        var counts = new long[indexes.Count];
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var inShard = await store.CountIndexesAsync(shard, indexes, CancellationToken.None);
            for (var i = 0; i < counts.Length; i++)
                counts[i] += inShard[i];
        }

        return indexes[Array.IndexOf(counts, counts.Min())];
    }

    /// <summary>The next entries over all shards, with their records; an entry whose job went meanwhile has none.</summary>
    private async Task<IReadOnlyList<(IndexPosition Entry, (long Version, JobRecord Record)? Job)>> Merge(string index, IndexPosition? after, bool descending, int limit)
    {
        var pages = await Task.WhenAll(Enumerable.Range(0, store.ShardCount).Select(
            shard => store.ReadIndexAsync(shard, index, after, descending, limit, CancellationToken.None).AsTask()));
        var order = Comparer<IndexPosition>.Create((a, b) =>
        {
            var byScore = a.Score.CompareTo(b.Score);
            return byScore != 0 ? byScore : string.CompareOrdinal(a.JobId, b.JobId);
        });
        var entries = pages.SelectMany(p => p.Entries);
        List<IndexPosition> first = [.. (descending ? entries.OrderDescending(order) : entries.Order(order)).Take(limit)];
        var records = new Dictionary<string, (long, JobRecord)>(StringComparer.Ordinal);
        foreach (var shard in first.GroupBy(e => JobShard.Of(e.JobId, store.ShardCount)))
        {
            foreach (var stored in await store.ReadJobsAsync(shard.Key, [.. shard.Select(e => e.JobId)], CancellationToken.None))
            {
                if (stored is not null)
                    records[stored.JobId] = (stored.Version, JobRecordFormat.Read(stored.JobId, stored.Record));
            }
        }

        return first.ConvertAll(e => (e, records.TryGetValue(e.JobId, out var job) ? job : ((long, JobRecord)?)null));
    }

    private static bool Matches(JobRecord record, JobFilter filter) =>
        (filter.Status is not { } status || record.Status == status)
        && (filter.Service is not { } service || record.Service == service)
        && (filter.CustomerId is not { } customer || record.CustomerId == customer)
        && (filter.WorkflowId is not { } workflow || record.WorkflowId == workflow)
        && (!filter.DeadLetters || record.Status.IsDeadLetter())
        && (filter.Fingerprint is not { } fingerprint || (record.Status.IsDeadLetter() && record.Fingerprint == fingerprint));

    /// <summary>The place right before the first id of a prefix; ids are ASCII below DEL and ordered by their bytes.</summary>
    private static IndexPosition? Before(string prefix) =>
        prefix.Length == 0 ? null : new(0, prefix[..^1] + (char)(prefix[^1] - 1) + '');

    private static string Format(IndexPosition position) => position.Score.ToString(CultureInfo.InvariantCulture) + "~" + position.JobId;

    private static IndexPosition? Parse(string? cursor)
    {
        if (cursor is null)
            return null;
        var split = cursor.IndexOf('~', StringComparison.Ordinal);
        if (split <= 0 || !long.TryParse(cursor.AsSpan(0, split), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var score))
            throw new ArgumentException($"'{cursor}' is no cursor of a list; take it from next_cursor, or leave it out.", nameof(cursor));
        return new(score, cursor[(split + 1)..]);
    }
}
