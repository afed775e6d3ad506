using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

public sealed partial class RedisJobStore
{
    /// <inheritdoc/>
    public async ValueTask<ShardDump> DumpAsync(int shard, CancellationToken cancellationToken)
    {
        OperationRules.CheckShard(shard, ShardCount);
        // A scan may give an element twice.
        var jobs = new Dictionary<string, JobValue>(StringComparer.Ordinal);
        foreach (var pair in await WholeHashAsync(_keys.Jobs(shard), cancellationToken))
            jobs[pair.Name!] = new JobValue(pair.Name!, pair.Value);

        var entries = new List<(string Index, string JobId, long Score)>();
        foreach (var (key, index) in await KeysAsync(shard, RedisKeys.IndexPrefix, cancellationToken))
        {
            var members = await _connection.AskAsync(() => _connection.Bulk.SortedSetRangeByRankWithScoresAsync(key), cancellationToken, shard);
            entries.AddRange(members.Select(member => (index, (string)member.Element!, (long)member.Score)));
        }

        var ready = new Dictionary<(string Queue, string JobId), StoredReady>();
        foreach (var (key, queue) in await KeysAsync(shard, RedisKeys.ReadyPrefix, cancellationToken))
            foreach (var pair in await WholeHashAsync(key, cancellationToken))
                ready[(queue, pair.Name!)] = ReadyValue.Read(pair.Name!, ((ReadOnlyMemory<byte>)pair.Value).Span);

        return new(
            [.. jobs.Select(job => Stored(job.Key, job.Value))],
            entries,
            [.. ready.Select(entry => (entry.Key.Queue, entry.Value))],
            [.. jobs.Where(job => job.Value.HasEvents).Select(job => job.Key)]);
    }

    private async ValueTask<List<HashEntry>> WholeHashAsync(RedisKey key, CancellationToken cancellationToken)
    {
        var all = new List<HashEntry>();
        string? cursor = null;
        do
        {
            (cursor, var flat) = await HashPageAsync(key, cursor ?? "0", ScanCount, cancellationToken);
            all.AddRange(Pairs(flat));
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>The keys of the shard under a prefix, with what follows it.</summary>
    private async ValueTask<IReadOnlyList<(RedisKey Key, string Name)>> KeysAsync(int shard, string prefix, CancellationToken cancellationToken)
    {
        var begin = _keys.Prefix(shard, prefix);
        return await _connection.AskAsync(
            async () =>
            {
                var endpoint = await _connection.Bulk.IdentifyEndpointAsync(_keys.Jobs(shard))
                    ?? throw new StoreUnavailableException($"No server of Redis at {_connection.Where} answers for shard {shard}.");
                var names = new HashSet<string>(StringComparer.Ordinal);
                await foreach (var key in _connection.Bulk.Multiplexer.GetServer(endpoint).KeysAsync(_connection.Bulk.Database, $"{begin}*", ScanCount))
                    names.Add(((string)key!)[begin.Length..]);
                return (IReadOnlyList<(RedisKey, string)>)[.. names.Select(name => ((RedisKey)(begin + name), name))];
            },
            cancellationToken,
            shard);
    }
}
