using System.Text.Json;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.TestKit.Stores.Survival;

/// <summary>A record that says what a store must hold beside it, so that records and indexes can be compared.</summary>
/// <param name="Entries">All its index entries.</param>
/// <param name="Queue">The queue of its ready entry; null: none.</param>
/// <param name="Events">How many events were appended so far.</param>
/// <param name="Padding">Makes records of different sizes.</param>
public sealed record StatedRecord(IReadOnlyList<StatedEntry> Entries, string? Queue, int Events, string Padding)
{
    /// <summary>As stored.</summary>
    public ReadOnlyMemory<byte> ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    /// <summary>From a stored record.</summary>
    public static StatedRecord Of(StoredJob job) => JsonSerializer.Deserialize<StatedRecord>(job.Record.Span)
        ?? throw new JsonException($"The record of {job.JobId} is null.");
}

/// <summary>An index entry as a record states it.</summary>
public sealed record StatedEntry(string Index, long Score);
