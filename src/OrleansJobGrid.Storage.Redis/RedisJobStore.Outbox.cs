using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

public sealed partial class RedisJobStore : IEventStreams
{
    /// <inheritdoc/>
    public async ValueTask SetOutboxAsync(int shard, long capacity, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        await _connection.RunAsync(RedisScript.SetOutbox, [_keys.Outbox(shard), _keys.OutboxCapacity(shard)], [Text(capacity)], cancellationToken, shard);
    }

    /// <inheritdoc/>
    public async ValueTask<OutboxPage> ReadOutboxAsync(int shard, long after, int limit, CancellationToken cancellationToken)
    {
        OperationRules.CheckOutboxRead(shard, ShardCount, after, limit);
        var result = await _connection.RunAsync(
            RedisScript.ReadOutbox, [_keys.Outbox(shard), _keys.Jobs(shard), _keys.Clock(shard)], [Text(after), limit, Known], cancellationToken, shard, bulk: true);
        var answer = (RedisResult[])result!;
        var flat = (RedisResult[])answer[3]!;
        var entries = new OutboxEntry[flat.Length / 3];
        for (var i = 0; i < entries.Length; i++)
        {
            var log = (ReadOnlyMemory<byte>)(RedisValue)flat[(3 * i) + 2];
            entries[i] = new((long)flat[3 * i], (string)flat[(3 * i) + 1]!, log.IsEmpty ? null : JobValue.Events(log));
        }
        return new(Told((long)answer[0]), (long)answer[1], (long)answer[2], entries);
    }

    /// <inheritdoc/>
    public async ValueTask TrimOutboxAsync(int shard, long through, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        var lowest = string.Create(CultureInfo.InvariantCulture, $"0-{through + 1}");
        await _connection.AskAsync(() => _connection.Calls.ExecuteAsync("XTRIM", _keys.Outbox(shard), "MINID", "=", lowest), cancellationToken, shard);
    }

    /// <inheritdoc/>
    public string AddressOf(string stream) => _keys.Stream(stream).ToString();

    /// <inheritdoc/>
    public async ValueTask AppendAsync(
        string stream, IReadOnlyList<IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>>> entries, long length, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        // Sent at once and written in this order: one connection keeps it.
        await _connection.AskAsync(
            () => Task.WhenAll(entries.Select(fields => _connection.Bulk.StreamAddAsync(
                _keys.Stream(stream), [.. fields.Select(f => new NameValueEntry(f.Key, f.Value))], null, length, useApproximateMaxLength: true))),
            cancellationToken);
    }
}
