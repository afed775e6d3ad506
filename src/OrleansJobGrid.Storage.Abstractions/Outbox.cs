namespace OrleansJobGrid.Storage;

/// <summary>A pointer of a shard's outbox: events that one operation appended to a job's log.</summary>
/// <param name="Number">Its place in the shard, 1 or more; each is higher than the one before, and none is given twice.</param>
/// <param name="JobId">The job.</param>
/// <param name="Events">The events, oldest first; null: the job's log does not have them any more, since it went with its record.</param>
public sealed record OutboxEntry(long Number, string JobId, IReadOnlyList<ReadOnlyMemory<byte>>? Events);

/// <summary>A page of a shard's outbox.</summary>
/// <param name="Clock">The store's clock at the reading, Unix ms.</param>
/// <param name="First">The lowest number that is kept; <paramref name="Last"/> + 1 where none is.</param>
/// <param name="Last">The highest number that was ever given; 0: none.</param>
/// <param name="Entries">In the order of their numbers.</param>
public sealed record OutboxPage(long Clock, long First, long Last, IReadOnlyList<OutboxEntry> Entries);
