using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Operations;

/// <summary>
/// Holds a store's records against its indexes: each record must have exactly the entries that <see cref="JobIndexes"/> gives it,
/// each entry its record, and each job its log. For a store at rest.
/// </summary>
public static class StoreChecker
{
    /// <summary>What does not agree, in words; empty: all agrees. <paramref name="counted"/> is called with each record.</summary>
    public static async Task<IReadOnlyList<string>> Check(IJobStore store, Action<string, JobRecord>? counted, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        for (var shard = 0; shard < store.ShardCount; shard++)
            CheckShard(await store.DumpAsync(shard, cancellationToken), shard, store.ShardCount, faults, counted);
        return faults;
    }

    private static void CheckShard(ShardDump dump, int shard, int shards, List<string> faults, Action<string, JobRecord>? counted)
    {
        var expected = new HashSet<(string Index, string JobId, long Score)>();
        var ready = new Dictionary<string, ReadyEntry>(StringComparer.Ordinal);
        var unreadable = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stored in dump.Jobs)
        {
            if (JobShard.Of(stored.JobId, shards) != shard)
                faults.Add($"Job '{stored.JobId}' lies in shard {shard}, where it does not belong.");
            if (SagaStore.SagaOf(stored.JobId) is { } saga)
            {
                if (ReadSaga(saga, stored, faults) is { } entries)
                    expected.UnionWith(entries.Select(e => (e.Index, stored.JobId, e.Score)));
                else
                    unreadable.Add(stored.JobId);
                continue;
            }

            if (Read(stored, faults) is not { } record)
            {
                unreadable.Add(stored.JobId);
                continue;
            }

            counted?.Invoke(stored.JobId, record);
            foreach (var entry in JobIndexes.Of(record))
                expected.Add((entry.Index, stored.JobId, entry.Score));
            if (JobIndexes.ReadyOf(record) is { } entryOfReady)
                ready.Add(stored.JobId, entryOfReady);
        }

        var found = dump.Entries.ToHashSet();
        faults.AddRange(expected.Except(found).Select(e => $"Job '{e.JobId}' lacks its entry {e.Index} = {e.Score}."));
        faults.AddRange(found.Except(expected).Where(e => !unreadable.Contains(e.JobId)).Select(e => $"Index {e.Index} has an entry of job '{e.JobId}' = {e.Score} that its record does not have."));
        foreach (var (queue, entry) in dump.Ready)
        {
            if (unreadable.Contains(entry.JobId))
                continue;
            if (!ready.Remove(entry.JobId, out var should))
                faults.Add($"Queue {queue} has a ready entry of job '{entry.JobId}', which is not ready.");
            else if (should.Queue != queue || should.Order != entry.Order || should.Signature != entry.Signature || should.Customer != entry.Customer)
                faults.Add($"The ready entry of job '{entry.JobId}' in queue {queue} is not the one of its record.");
        }

        faults.AddRange(ready.Keys.Select(id => $"Job '{id}' is ready but has no ready entry."));
        var logs = dump.JobsWithEvents.ToHashSet(StringComparer.Ordinal);
        faults.AddRange(dump.Jobs.Where(j => !logs.Remove(j.JobId)).Select(j => $"Job '{j.JobId}' has no log."));
        faults.AddRange(logs.Select(id => $"There is a log of job '{id}', which does not exist."));
    }

    private static List<IndexEntry>? ReadSaga(string saga, StoredJob stored, List<string> faults)
    {
        try
        {
            var (run, definition) = SagaStore.Read(saga, stored.Record);
            return SagaStore.IndexesOf(definition, run);
        }
        catch (StoreDamagedException e)
        {
            faults.Add(e.Message);
            return null;
        }
    }

    /// <summary>What its entries should be cannot be told of a record that cannot be read.</summary>
    private static JobRecord? Read(StoredJob stored, List<string> faults)
    {
        try
        {
            return JobRecordFormat.Read(stored.JobId, stored.Record);
        }
        catch (StoreDamagedException e)
        {
            faults.Add(e.Message);
            return null;
        }
    }
}
