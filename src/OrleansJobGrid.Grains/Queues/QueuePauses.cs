using System.Globalization;
using System.Text.Json;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>The queues that are paused, in the store.</summary>
public sealed class QueuePauses(IJobStore store, TimeProvider time)
{
    /// <summary>The collection of the store's documents; the key is the queue's name.</summary>
    public const string Collection = "queue-pauses";

    private const int Tries = 10;
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<IReadOnlyDictionary<string, QueuePause>>? _known;
    private long _knownAt;

    /// <summary>A pause in words, without a full stop: what of, since when, why.</summary>
    public static string Words(string queue, QueuePause pause) => string.Create(
        CultureInfo.InvariantCulture, $"Its queue '{queue}' is paused since {DateTimeOffset.FromUnixTimeMilliseconds(pause.Since):yyyy-MM-dd HH:mm:ss'Z'}: {pause.Reason.TrimEnd('.')}");

    /// <summary>The pauses as they were a second ago at most, for what is told of them.</summary>
    public Task<IReadOnlyDictionary<string, QueuePause>> Known()
    {
        lock (_lock)
        {
            if (_known is null || _known.IsFaulted || time.GetElapsedTime(_knownAt) >= MaxAge)
                (_known, _knownAt) = (All(), time.GetTimestamp());
            return _known;
        }
    }

    /// <summary>The pauses that hold, by queue.</summary>
    public async Task<IReadOnlyDictionary<string, QueuePause>> All() =>
        (await store.ReadDocumentsAsync(Collection, CancellationToken.None)).ToDictionary(d => d.Key, d => Read(d.Body), StringComparer.Ordinal);

    /// <summary>Changes the pause of a queue.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="change">From the pause that holds to the one that is to hold; null: none.</param>
    /// <returns>What held before, and what holds now.</returns>
    /// <exception cref="JobStoreException">Others changed it again and again.</exception>
    public async Task<(QueuePause? Before, QueuePause? After)> Change(string queue, Func<QueuePause?, QueuePause?> change)
    {
        for (var tries = 0; tries < Tries; tries++)
        {
            var stored = (await store.ReadDocumentsAsync(Collection, CancellationToken.None)).FirstOrDefault(d => d.Key == queue);
            var before = stored is null ? null : Read(stored.Body);
            var after = change(before);
            if (after == before)
                return (before, after);
            var body = after is null ? (ReadOnlyMemory<byte>?)null : JsonSerializer.SerializeToUtf8Bytes(after, QueueStateJson.Default.QueuePause);
            if (!(await store.WriteDocumentAsync(Collection, queue, stored?.Version ?? 0, body, CancellationToken.None)).Written)
                continue;
            lock (_lock)
                _known = null;
            return (before, after);
        }

        throw new JobStoreException($"The pause of queue '{queue}' is changed by others all the time.");
    }

    private static QueuePause Read(ReadOnlyMemory<byte> body) => JsonSerializer.Deserialize(body.Span, QueueStateJson.Default.QueuePause)!;
}
