using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// The job store on a Redis server of version 7 or newer, for grids of several processes. Every batch is one script, so it is applied
/// whole or not at all, also across a crash of the server; what an acknowledged write survives there depends on the server's
/// settings and is told in <see cref="Description"/>.
/// </summary>
public sealed partial class RedisJobStore : IJobStore
{
    private const int Format = 1;

    // More queues than these are not sent along on suspicion; the script asks for the ones that it misses.
    private const int KnownQueues = 64;

    private readonly RedisConnection _connection;
    private readonly RedisKeys _keys;
    private readonly MemoryWatch _memory;
    private readonly ConcurrentDictionary<string, byte>[] _queues;
    private long _known;

    private RedisJobStore(RedisConnection connection, RedisKeys keys, TimeProvider time, StoreDescription description, int shards)
    {
        (_connection, _keys, Description, ShardCount) = (connection, keys, description, shards);
        _memory = new MemoryWatch(connection, time);
        _queues = [.. Enumerable.Range(0, shards).Select(_ => new ConcurrentDictionary<string, byte>(StringComparer.Ordinal))];
    }

    /// <inheritdoc/>
    public StoreDescription Description { get; }

    /// <inheritdoc/>
    public int ShardCount { get; }

    /// <summary>Opens the store, making it where there is none.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="time">Measures how old the look at the server's memory is; the store's clock is the server's own.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The server cannot be reached.</exception>
    /// <exception cref="StoreDamagedException">What lies there is no store, or one of a newer version.</exception>
    /// <exception cref="JobStoreException">The options are wrong, or do not fit the server or the store.</exception>
    public static async Task<RedisJobStore> OpenAsync(RedisStoreOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (options.Violations().ToList() is { Count: > 0 } wrong)
            throw new JobStoreException($"The settings of the Redis store are wrong. {string.Join(' ', wrong)}");
        ConfigurationOptions endpoint;
        try
        {
            endpoint = RedisEndpoint.Parse(options.Endpoint);
        }
        catch (FormatException fault)
        {
            throw new JobStoreException(fault.Message, fault);
        }
        var connection = await RedisConnection.OpenAsync(endpoint, options, cancellationToken);
        try
        {
            var report = await connection.AskAsync(() => PrepareAsync(connection), cancellationToken);
            var keys = new RedisKeys(options.Cluster);
            var (id, shards) = await OpenOrMakeAsync(connection, keys, options, cancellationToken);
            var where = $"{connection.Where}, keys {options.Cluster}:*";
            return new(connection, keys, time, new("redis", id, where, report.Durability, report.Findings), shards);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ApplyAnswer> ApplyAsync(int shard, IReadOnlyList<JobOperation> batch, CancellationToken cancellationToken)
    {
        OperationRules.CheckBatch(shard, ShardCount, batch);
        cancellationToken.ThrowIfCancellationRequested();
        var seen = new HashSet<string>(batch.Count, StringComparer.Ordinal);
        var violations = new string?[batch.Count];
        for (var i = 0; i < batch.Count; i++)
            violations[i] = OperationRules.Violation(batch[i], shard, ShardCount, seen);
        var refusal = batch.Any(o => o.ExpectedVersion == 0) ? await _memory.RefusalAsync(cancellationToken) : null;
        // The queue of an entry to be taken out stands only in the stored job, but its key must be declared beforehand.
        var queues = batch.Any(o => o.RemoveReady || o.Record is null) ? _queues[shard].Keys.ToHashSet(StringComparer.Ordinal) : [];
        while (true)
        {
            var encoder = new BatchEncoder(batch, violations, queues);
            var result = await _connection.RunAsync(
                RedisScript.Apply, encoder.Keys(_keys, shard), encoder.Arguments(refusal, Known), cancellationToken, shard);
            encoder.Return();
            Remember(shard, batch);
            var answer = (RedisResult[])result!;
            if (answer[0].Resp2Type == ResultType.Integer)
                return new(Told((long)answer[0]), Results(batch, violations, answer));
            foreach (var queue in answer.Skip(1))
            {
                queues.Add((string)queue!);
                _queues[shard].TryAdd((string)queue!, 0);
            }
        }
    }

    /// <summary>
    /// Lets a shard take batches again that was stopped by a write that failed in the middle. Only after a checker has compared its
    /// records with its indexes.
    /// </summary>
    /// <returns>Why it stood still; null: it did not.</returns>
    public async ValueTask<string?> ResumeShardAsync(int shard, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        return await _connection.AskAsync(() => _connection.Calls.StringGetDeleteAsync(_keys.Stopped(shard)), cancellationToken, shard);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>The highest clock that any shard has told: each keeps its own, and none is to lag behind another.</summary>
    private long Known => Interlocked.Read(ref _known);

    private long Told(long clock)
    {
        for (var known = Known; clock > known; known = Known)
            Interlocked.CompareExchange(ref _known, clock, known);
        return clock;
    }

    private static async Task<RedisServerReport> PrepareAsync(RedisConnection connection)
    {
        RedisServerReport? report = null;
        foreach (var server in connection.Primaries)
        {
            var of = await RedisServerReport.ReadAsync(server);
            of.RequireVersion(connection.Where);
            report ??= of;
            foreach (var script in RedisScript.All)
                await script.LoadAsync(server);
        }
        return report ?? throw new StoreUnavailableException(
            $"Redis at {connection.Where} is a replica, which takes no writes. Give the address of its primary.");
    }

    private static async Task<(string Id, int Shards)> OpenOrMakeAsync(
        RedisConnection connection, RedisKeys keys, RedisStoreOptions options, CancellationToken cancellationToken)
    {
        var answer = await connection.RunAsync(
            RedisScript.OpenStore,
            [keys.Store],
            [Format, Guid.NewGuid().ToString("N"), options.Shards ?? RedisStoreOptions.DefaultShards],
            cancellationToken);
        if ((RedisValue[]?)answer is not [var format, var id, var stored] || !format.TryParse(out int version) || !stored.TryParse(out int shards) || id.IsNull)
            throw new StoreDamagedException($"The key {keys.Store} of Redis at {connection.Where} is no store of a grid; it was left as it is. Choose another cluster name.");
        if (version > Format)
            throw new StoreDamagedException(
                $"The store {options.Cluster} of Redis at {connection.Where} has format {version}, this version knows {Format}: start the newer version.");
        if (options.Shards is { } asked && asked != shards)
            throw new JobStoreException(
                $"Shards: the store {options.Cluster} of Redis at {connection.Where} was made with {shards} shards, which cannot change to {asked}. Leave the setting out, or choose another cluster name.");
        return (id!, shards);
    }

    // Each verdict: outcome 1 byte, version 8, ready number 6.
    private static OperationResult[] Results(IReadOnlyList<JobOperation> batch, string?[] violations, RedisResult[] answer)
    {
        var verdicts = ((ReadOnlyMemory<byte>)(RedisValue)answer[1]).Span;
        var reasons = (RedisResult[])answer[2]!;
        var reasonOf = new Dictionary<long, string>();
        for (var i = 0; i < reasons.Length; i += 2)
            reasonOf[(long)reasons[i] - 1] = (string)reasons[i + 1]!;
        var results = new OperationResult[batch.Count];
        for (int i = 0, sent = 0; i < results.Length; i++)
        {
            if (violations[i] is { } violation)
            {
                results[i] = new(OperationOutcome.Rejected, 0, 0, violation);
                continue;
            }
            var verdict = verdicts.Slice(sent * 15, 15);
            var number = BinaryPrimitives.ReadUInt32LittleEndian(verdict[9..]) | ((long)BinaryPrimitives.ReadUInt16LittleEndian(verdict[13..]) << 32);
            results[i] = new(
                (OperationOutcome)verdict[0], BinaryPrimitives.ReadInt64LittleEndian(verdict[1..]), number, reasonOf.GetValueOrDefault(sent));
            sent++;
        }
        return results;
    }

    private void Remember(int shard, IReadOnlyList<JobOperation> batch)
    {
        var known = _queues[shard];
        if (known.Count > KnownQueues)
            known.Clear();
        foreach (var operation in batch)
            if (operation.AddReady is { Queue: { Length: > 0 } queue } && !known.ContainsKey(queue))
                known.TryAdd(queue, 0);
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
