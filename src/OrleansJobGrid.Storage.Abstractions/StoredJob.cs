namespace OrleansJobGrid.Storage;

/// <summary>A record as stored.</summary>
public sealed record StoredJob(string JobId, long Version, Guid OperationId, ReadOnlyMemory<byte> Record);

/// <summary>A place in an index.</summary>
public readonly record struct IndexPosition(long Score, string JobId);

/// <summary>A page of an index, with the store's clock at the reading.</summary>
public sealed record IndexPage(long Clock, IReadOnlyList<IndexPosition> Entries);

/// <summary>The last ready number given for a queue in a shard, and how many entries are in now.</summary>
public readonly record struct ReadyMark(int Shard, string Queue, long LastNumber, long Count);

/// <summary>A ready entry as stored, with its number; the signature's text is read apart.</summary>
public readonly record struct StoredReady(string JobId, long Number, ReadyOrder Order, long Signature, string Customer);

/// <summary>A page of ready entries; <paramref name="Next"/> is null at the end.</summary>
public sealed record ReadyPage(IReadOnlyList<StoredReady> Entries, string? Next);

/// <summary>Numbers <paramref name="First"/> to First + count - 1, taken at <paramref name="Clock"/>.</summary>
public readonly record struct SequenceBlock(long First, long Clock);

/// <summary>When the pass before ran (0: never) and the store's clock now, both Unix ms.</summary>
public readonly record struct PassMark(long Previous, long Now);

/// <summary>A whole shard, for the checker.</summary>
public sealed record ShardDump(
    IReadOnlyList<StoredJob> Jobs,
    IReadOnlyList<(string Index, string JobId, long Score)> Entries,
    IReadOnlyList<(string Queue, StoredReady Ready)> Ready,
    IReadOnlyList<string> JobsWithEvents);
