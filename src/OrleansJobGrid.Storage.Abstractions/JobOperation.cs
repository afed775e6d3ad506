namespace OrleansJobGrid.Storage;

/// <summary>
/// One change of one job, as data: what is expected, and what is written if that holds. The new version is
/// <see cref="ExpectedVersion"/> + 1.
/// </summary>
public sealed record JobOperation
{
    /// <summary>The job's id, 1 to 128 characters.</summary>
    public required string JobId { get; init; }

    /// <summary>This operation's own random 128 bits; the same in every resend.</summary>
    public required Guid OperationId { get; init; }

    /// <summary>The version that must be stored now; 0: there must be no record.</summary>
    public required long ExpectedVersion { get; init; }

    /// <summary>The operation id that must be stored now; ignored when <see cref="ExpectedVersion"/> is 0.</summary>
    public Guid ExpectedOperationId { get; init; }

    /// <summary>The record's new bytes, at most <see cref="StoreLimits.RecordBytes"/>; null deletes the record and its events.</summary>
    /// <remarks>
    /// Write <c>(ReadOnlyMemory&lt;byte&gt;?)null</c> in a conditional expression: a bare <c>null</c> there becomes an empty record.
    /// </remarks>
    public ReadOnlyMemory<byte>? Record { get; init; }

    /// <summary>Not to be applied while the store's clock is below this (Unix ms).</summary>
    public long? NotBefore { get; init; }

    /// <summary>A worker session that must not have been marked as ended.</summary>
    public string? Session { get; init; }

    /// <summary>Takes the job's ready entry out, if it has one; applied before <see cref="AddReady"/>.</summary>
    public bool RemoveReady { get; init; }

    /// <summary>Puts the job's ready entry in, under the next number of its shard and queue.</summary>
    public ReadyEntry? AddReady { get; init; }

    /// <summary>Index entries to take out; an absent one is no error.</summary>
    public IReadOnlyList<IndexEntry> RemoveEntries { get; init; } = [];

    /// <summary>Index entries to put in, after <see cref="RemoveEntries"/>.</summary>
    public IReadOnlyList<IndexEntry> AddEntries { get; init; } = [];

    /// <summary>Events to append to the job's log.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Events { get; init; } = [];

    /// <summary>Counters of the shard to raise.</summary>
    public IReadOnlyList<CounterIncrement> Counters { get; init; } = [];
}

/// <summary>An entry of a named index: the job of the operation under a score (an integer below 2^53).</summary>
public readonly record struct IndexEntry(string Index, long Score);

/// <summary>Raises the counter <paramref name="Name"/> by <paramref name="By"/>.</summary>
public readonly record struct CounterIncrement(string Name, long By);

/// <summary>What makes a job available to claims.</summary>
/// <param name="Queue">The queue's name, 1 to 128 characters.</param>
/// <param name="Order">Its place.</param>
/// <param name="Signature">Hash of the requirement's text.</param>
/// <param name="SignatureText">The text itself, which the store keeps once a shard and hash.</param>
/// <param name="Customer">The customer's id, or empty.</param>
public sealed record ReadyEntry(string Queue, ReadyOrder Order, long Signature, string SignatureText, string Customer);

/// <summary>
/// The order within a queue: higher priority first, then the earlier time (of the workflow where there is one, else of the
/// submission), then the lower sequence.
/// </summary>
public readonly record struct ReadyOrder(int Priority, long Time, long Sequence) : IComparable<ReadyOrder>
{
    /// <summary>Negative: this comes first.</summary>
    public int CompareTo(ReadyOrder other)
    {
        var byPriority = other.Priority.CompareTo(Priority);
        if (byPriority != 0)
            return byPriority;
        var byTime = Time.CompareTo(other.Time);
        return byTime != 0 ? byTime : Sequence.CompareTo(other.Sequence);
    }

    public static bool operator <(ReadyOrder left, ReadyOrder right) => left.CompareTo(right) < 0;

    public static bool operator >(ReadyOrder left, ReadyOrder right) => left.CompareTo(right) > 0;

    public static bool operator <=(ReadyOrder left, ReadyOrder right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ReadyOrder left, ReadyOrder right) => left.CompareTo(right) >= 0;
}
