using System.Buffers.Binary;
using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

public sealed partial class RedisJobStore
{
    // As many records as an activation or a claim reads; more go over the connection for large reads.
    private const int FewJobs = 64;

    // Entries that one HSCAN walks; it holds the server for well under a millisecond.
    private const int ScanCount = 1_000;

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StoredJob?>> ReadJobsAsync(int shard, IReadOnlyList<string> jobIds, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        if (jobIds.Count > StoreLimits.ReadPage)
            throw new ArgumentException($"At most {StoreLimits.ReadPage} jobs a read, not {jobIds.Count}.", nameof(jobIds));
        if (jobIds.Count == 0)
            return [];
        var fields = jobIds.Select(id => (RedisValue)id).ToArray();
        var database = jobIds.Count <= FewJobs ? _connection.Calls : _connection.Bulk;
        var values = await _connection.AskAsync(() => database.HashGetAsync(_keys.Jobs(shard), fields), cancellationToken, shard);
        return [.. values.Select((value, i) => value.IsNull ? null : Stored(jobIds[i], new JobValue(jobIds[i], value)))];
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadEventsAsync(int shard, string jobId, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        var value = await _connection.AskAsync(() => _connection.Calls.HashGetAsync(_keys.Jobs(shard), jobId), cancellationToken, shard);
        return value.IsNull ? [] : new JobValue(jobId, value).Events();
    }

    /// <inheritdoc/>
    public async ValueTask<IndexPage> ReadIndexAsync(
        int shard, string index, IndexPosition? after, bool descending, int limit, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        if (limit is < 1 or > StoreLimits.ReadPage)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, $"1 to {StoreLimits.ReadPage}.");
        var arguments = new List<RedisValue> { descending ? "down" : "up", limit, Known };
        if (after is { } position)
            arguments.AddRange([Text(position.Score), position.JobId]);
        var result = await _connection.RunAsync(
            RedisScript.ReadIndex, [_keys.Index(shard, index), _keys.Clock(shard)], [.. arguments], cancellationToken, shard, bulk: true);
        var answer = (RedisResult[])result!;
        var flat = (RedisValue[])answer[1]!;
        var entries = new IndexPosition[flat.Length / 2];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(Score(flat[(2 * i) + 1]), flat[2 * i]!);
        return new(Told((long)answer[0]), entries);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<long>> CountIndexesAsync(int shard, IReadOnlyList<string> indexes, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        return await _connection.AskAsync(
            () => Task.WhenAll(indexes.Select(index => _connection.Calls.SortedSetLengthAsync(_keys.Index(shard, index)))), cancellationToken, shard);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ReadyMark>> ReadReadyMarksAsync(CancellationToken cancellationToken)
    {
        var shards = await _connection.AskAsync(
            () => Task.WhenAll(Enumerable.Range(0, ShardCount).Select(shard => _connection.Calls.HashGetAllAsync(_keys.Marks(shard)))), cancellationToken);
        return [.. shards.SelectMany((marks, shard) => marks.Select(mark => Mark(shard, mark)))];
    }

    /// <inheritdoc/>
    public async ValueTask<ReadyPage> ReadReadyAsync(int shard, string queue, string? cursor, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        var (next, flat) = await HashPageAsync(_keys.Ready(shard, queue), cursor ?? "0", ScanCount, cancellationToken);
        return new(Pairs(flat).Select(pair => ReadyValue.Read(pair.Name!, ((ReadOnlyMemory<byte>)pair.Value).Span)).ToList(), next);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<long, string>> ReadSignaturesAsync(int shard, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        var all = await _connection.AskAsync(() => _connection.Bulk.HashGetAllAsync(_keys.Signatures(shard)), cancellationToken, shard);
        return all.ToDictionary(pair => BinaryPrimitives.ReadInt64LittleEndian(((ReadOnlyMemory<byte>)pair.Name).Span), pair => (string)pair.Value!);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, long>> ReadCountersAsync(CancellationToken cancellationToken)
    {
        var shards = await _connection.AskAsync(
            () => Task.WhenAll(Enumerable.Range(0, ShardCount).Select(shard => _connection.Calls.HashGetAllAsync(_keys.Counters(shard)))), cancellationToken);
        var sums = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var counter in shards.SelectMany(counters => counters))
            sums[counter.Name!] = sums.GetValueOrDefault((string)counter.Name!) + (long)counter.Value;
        return sums;
    }

    /// <summary>A page of a hash, flat, and the cursor of the next; null at the end.</summary>
    private async ValueTask<(string? Next, RedisValue[] Flat)> HashPageAsync(RedisKey key, string cursor, int count, CancellationToken cancellationToken)
    {
        var page = (RedisResult[])(await _connection.AskAsync(
            () => _connection.Bulk.ExecuteAsync("HSCAN", key, cursor, "COUNT", count), cancellationToken))!;
        var next = (string)page[0]!;
        return (next == "0" ? null : next, (RedisValue[])page[1]!);
    }

    private static IEnumerable<HashEntry> Pairs(RedisValue[] flat)
    {
        for (var i = 0; i < flat.Length; i += 2)
            yield return new(flat[i], flat[i + 1]);
    }

    private static StoredJob Stored(string jobId, JobValue value) => new(jobId, value.Version, value.OperationId, value.Record);

    // Redis keeps scores as doubles and may print a large one with an exponent.
    private static long Score(RedisValue text) => (long)double.Parse((string)text!, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static ReadyMark Mark(int shard, HashEntry mark)
    {
        if (((string)mark.Value!).Split(',') is [var last, var count]
            && long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var entries))
            return new(shard, mark.Name!, number, entries);
        throw new StoreDamagedException($"The mark of queue {mark.Name} in shard {shard} is damaged: '{mark.Value}'.");
    }
}
