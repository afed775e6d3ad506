namespace OrleansJobGrid.Storage;

/// <summary>What makes an operation or a batch invalid, whatever the store holds; both stores ask here first.</summary>
public static class OperationRules
{
    /// <summary>Scores lie strictly between -2^53 and 2^53, where a double still holds every integer.</summary>
    public const long ScoreBound = 1L << 53;

    /// <summary>Refuses a batch that no store takes: a shard that is not there, no operation, or too many.</summary>
    /// <exception cref="ArgumentException">Names the argument and its range.</exception>
    public static void CheckBatch(int shard, int shardCount, IReadOnlyList<JobOperation> batch)
    {
        CheckShard(shard, shardCount);
        if (batch.Count is 0 or > StoreLimits.BatchOperations)
            throw new ArgumentException($"A batch holds 1 to {StoreLimits.BatchOperations} operations, not {batch.Count}.", nameof(batch));
    }

    /// <summary>Refuses a shard that is not there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the range.</exception>
    public static void CheckShard(int shard, int shardCount)
    {
        if (shard < 0 || shard >= shardCount)
            throw new ArgumentOutOfRangeException(nameof(shard), shard, $"The store has the shards 0 to {shardCount - 1}.");
    }

    /// <summary>Refuses a reading of an outbox that no store does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Names the argument and its range.</exception>
    public static void CheckOutboxRead(int shard, int shardCount, long after, int limit)
    {
        CheckShard(shard, shardCount);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        if (limit is < 1 or > StoreLimits.OutboxPage)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, $"1 to {StoreLimits.OutboxPage}.");
    }

    /// <summary>
    /// Why an operation is rejected, beginning with the field's name; null where it is valid.
    /// </summary>
    /// <param name="operation">The operation.</param>
    /// <param name="shard">The shard that the batch goes to.</param>
    /// <param name="shardCount">The number of shards.</param>
    /// <param name="seen">The jobs of the batch so far; a valid operation's job is added.</param>
    public static string? Violation(JobOperation operation, int shard, int shardCount, ISet<string> seen)
    {
        if (string.IsNullOrEmpty(operation.JobId) || operation.JobId.Length > StoreLimits.JobIdLength)
            return $"JobId: 1 to {StoreLimits.JobIdLength} characters, not {operation.JobId?.Length ?? 0}.";
        if (JobShard.Of(operation.JobId, shardCount) is var home && home != shard)
            return $"JobId: this job lies in shard {home}, not in shard {shard}.";
        if (operation.OperationId == Guid.Empty)
            return "OperationId: random bits, not all zero.";
        if (operation.ExpectedVersion < 0)
            return $"ExpectedVersion: 0 or more, not {operation.ExpectedVersion}.";
        if ((operation.Record is { } record ? Writing(operation, record.Length) : Deleting(operation)) is { } reason)
            return reason;
        foreach (var entry in operation.RemoveEntries)
            if (Entry(entry, nameof(operation.RemoveEntries)) is { } wrong)
                return wrong;
        return seen.Add(operation.JobId) ? null : "JobId: a batch holds one operation a job; this is the second one of its job.";
    }

    private static string? Writing(JobOperation operation, int length)
    {
        if (length > StoreLimits.RecordBytes)
            return $"Record: at most {StoreLimits.RecordBytes} bytes, not {length}; larger payloads travel by reference.";
        if (operation.AddReady is { } ready && (string.IsNullOrEmpty(ready.Queue) || ready.Queue.Length > StoreLimits.JobIdLength))
            return $"AddReady.Queue: 1 to {StoreLimits.JobIdLength} characters, not {ready.Queue?.Length ?? 0}.";
        foreach (var entry in operation.AddEntries)
            if (Entry(entry, nameof(operation.AddEntries)) is { } wrong)
                return wrong;
        foreach (var counter in operation.Counters)
            if (string.IsNullOrEmpty(counter.Name))
                return "Counters: each has a name.";
        return null;
    }

    // Deleting appends nothing: whatever it put in would belong to no record.
    private static string? Deleting(JobOperation operation)
    {
        if (operation.ExpectedVersion == 0)
            return "Record: null deletes, and with ExpectedVersion 0 there is nothing to delete.";
        return operation.AddReady is not null ? "AddReady: a deletion (Record is null) adds nothing."
            : operation.AddEntries.Count > 0 ? "AddEntries: a deletion (Record is null) adds nothing."
            : operation.Events.Count > 0 ? "Events: a deletion (Record is null) adds nothing."
            : null;
    }

    private static string? Entry(IndexEntry entry, string field) =>
        string.IsNullOrEmpty(entry.Index) ? $"{field}: each names its index."
        : entry.Score is <= -ScoreBound or >= ScoreBound ? $"{field}: the score {entry.Score} of index {entry.Index} is not between -2^53 and 2^53."
        : null;
}
