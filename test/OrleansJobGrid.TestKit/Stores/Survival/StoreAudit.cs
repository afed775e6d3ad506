using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores.Survival;

/// <summary>Compares the records of a store, each a <see cref="StatedRecord"/>, with the indexes, ready entries and events beside them.</summary>
public static class StoreAudit
{
    /// <summary>What does not fit; empty: all does.</summary>
    public static async Task<IReadOnlyList<string>> FindAsync(IJobStore store, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var marks = await store.ReadReadyMarksAsync(cancellationToken);
        for (var shard = 0; shard < store.ShardCount; shard++)
        {
            var dump = await store.DumpAsync(shard, cancellationToken);
            var stated = dump.Jobs.Select(job => (job.JobId, Record: StatedRecord.Of(job))).ToList();
            Differences(
                faults,
                $"shard {shard}, index entry",
                stated.SelectMany(job => job.Record.Entries.Select(e => (e.Index, job.JobId, e.Score))),
                dump.Entries);
            Differences(
                faults,
                $"shard {shard}, ready entry",
                stated.Where(job => job.Record.Queue is not null).Select(job => (job.Record.Queue!, job.JobId)),
                dump.Ready.Select(r => (r.Queue, r.Ready.JobId)));
            Differences(faults, $"shard {shard}, events of", stated.Where(job => job.Record.Events > 0).Select(job => job.JobId), dump.JobsWithEvents);
            foreach (var (jobId, record) in stated)
            {
                var events = (await store.ReadEventsAsync(shard, jobId, cancellationToken)).Select(Ops.Text);
                if (!events.SequenceEqual(Enumerable.Range(0, record.Events).Select(n => $"event {n}")))
                    faults.Add($"Job {jobId} has not its {record.Events} events in order.");
            }
            var indexes = dump.Entries.GroupBy(e => e.Index).Select(g => (Index: g.Key, Count: (long)g.Count())).ToList();
            var counts = await store.CountIndexesAsync(shard, [.. indexes.Select(i => i.Index)], cancellationToken);
            Differences(faults, $"shard {shard}, count of", indexes, indexes.Select((index, n) => (index.Index, counts[n])));
            Ready(faults, shard, dump, [.. marks.Where(m => m.Shard == shard)]);
        }
        return faults;
    }

    private static void Ready(List<string> faults, int shard, ShardDump dump, IReadOnlyList<ReadyMark> marks)
    {
        foreach (var queue in dump.Ready.GroupBy(r => r.Queue))
        {
            var mark = marks.SingleOrDefault(m => m.Queue == queue.Key);
            var numbers = queue.Select(r => r.Ready.Number).ToHashSet();
            if (mark.Count != queue.Count() || mark.LastNumber < numbers.Max() || numbers.Count != queue.Count())
                faults.Add($"Shard {shard}, queue {queue.Key}: {queue.Count()} entries with {numbers.Count} numbers up to {numbers.Max()}, marked {mark}.");
        }
        foreach (var mark in marks.Where(m => m.Count > 0 && dump.Ready.All(r => r.Queue != m.Queue)))
            faults.Add($"Shard {shard}, queue {mark.Queue}: no entries, marked {mark}.");
    }

    private static void Differences<T>(List<string> faults, string what, IEnumerable<T> stated, IEnumerable<T> found)
    {
        var (statedList, foundList) = (stated.ToList(), found.ToList());
        faults.AddRange(statedList.Except(foundList).Select(missing => $"Missing: {what} {missing}."));
        faults.AddRange(foundList.Except(statedList).Select(surplus => $"Without record: {what} {surplus}."));
        if (foundList.Count != foundList.Distinct().Count())
            faults.Add($"Twice: some {what}.");
    }
}
