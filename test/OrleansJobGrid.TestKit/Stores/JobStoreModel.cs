using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores;

/// <summary>One shard of a store as plain collections: what every store must do, in the fewest words. No clock, no crash.</summary>
public sealed class JobStoreModel(int shard, int shardCount)
{
    private readonly Dictionary<string, Job> _jobs = [];

    private sealed record Job(StoredJob Stored, List<string> Events, (string Queue, StoredReady Ready)? Ready);

    /// <summary>Sessions marked as ended.</summary>
    public HashSet<string> Ended { get; } = [];

    /// <summary>Index entries.</summary>
    public HashSet<(string Index, string JobId, long Score)> Entries { get; } = [];

    /// <summary>The last ready number given to each queue.</summary>
    public SortedDictionary<string, long> LastNumbers { get; } = new(StringComparer.Ordinal);

    /// <summary>Sums of the counters.</summary>
    public SortedDictionary<string, long> Counters { get; } = new(StringComparer.Ordinal);

    /// <summary>The records, in the order of their ids.</summary>
    public IEnumerable<StoredJob> Jobs => _jobs.Values.Select(j => j.Stored).OrderBy(j => j.JobId, StringComparer.Ordinal);

    /// <summary>The ready entries.</summary>
    public IEnumerable<(string Queue, StoredReady Ready)> Ready => _jobs.Values.Where(j => j.Ready is not null).Select(j => j.Ready!.Value);

    /// <summary>The stored record of a job, or null.</summary>
    public StoredJob? Find(string jobId) => _jobs.GetValueOrDefault(jobId)?.Stored;

    /// <summary>The events of a job, as text.</summary>
    public IReadOnlyList<string> Events(string jobId) => _jobs.GetValueOrDefault(jobId)?.Events ?? [];

    /// <summary>Applies a batch.</summary>
    public IReadOnlyList<OperationResult> Apply(IReadOnlyList<JobOperation> batch)
    {
        var seen = new HashSet<string>();
        return [.. batch.Select(operation => OperationRules.Violation(operation, shard, shardCount, seen) is { } reason
            ? new OperationResult(OperationOutcome.Rejected, Find(operation.JobId)?.Version ?? 0, 0, reason)
            : Apply(operation))];
    }

    private OperationResult Apply(JobOperation operation)
    {
        var job = _jobs.GetValueOrDefault(operation.JobId);
        var version = job?.Stored.Version ?? 0;
        if (job?.Stored.OperationId == operation.OperationId)
            return new(OperationOutcome.AlreadyApplied, version, job.Ready?.Ready.Number ?? 0);
        if (version != operation.ExpectedVersion || (job is not null && job.Stored.OperationId != operation.ExpectedOperationId))
            return new(OperationOutcome.Conflict, version);
        if (operation.Session is { } session && Ended.Contains(session))
            return new(OperationOutcome.SessionEnded, version);
        foreach (var counter in operation.Counters)
            Counters[counter.Name] = Counters.GetValueOrDefault(counter.Name) + counter.By;
        foreach (var entry in operation.RemoveEntries)
            Entries.Remove((entry.Index, operation.JobId, entry.Score));
        foreach (var entry in operation.AddEntries)
            Entries.Add((entry.Index, operation.JobId, entry.Score));
        if (operation.Record is not { } record)
        {
            _jobs.Remove(operation.JobId);
            return new(OperationOutcome.Applied, 0, job?.Ready?.Ready.Number ?? 0);
        }
        var ready = operation.RemoveReady ? null : job?.Ready;
        var number = operation.RemoveReady ? job?.Ready?.Ready.Number ?? 0 : 0;
        if (operation.AddReady is { } add)
        {
            number = LastNumbers[add.Queue] = LastNumbers.GetValueOrDefault(add.Queue) + 1;
            ready = (add.Queue, new StoredReady(operation.JobId, number, add.Order, add.Signature, add.Customer));
        }
        var events = (job?.Events ?? []).Concat(operation.Events.Select(Ops.Text)).ToList();
        _jobs[operation.JobId] = new(new(operation.JobId, version + 1, operation.OperationId, record), events, ready);
        return new(OperationOutcome.Applied, version + 1, number);
    }
}
