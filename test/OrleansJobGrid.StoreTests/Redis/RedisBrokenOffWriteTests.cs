using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using OrleansJobGrid.TestKit.Stores.Survival;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>
/// Redis killed in the middle of writing a batch to its append-only file. With 'aof-load-truncated yes' and no check before the start,
/// half of that batch appeared at the second start (valkey-io/valkey#4342).
/// </summary>
[Collection(KilledProcesses.Name)]
public sealed class RedisBrokenOffWriteTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(20)]
    [InlineData(50)]
    [InlineData(80)]
    public async Task ABatchBrokenOffByAKill_IsNotThereAtTheNextStartNorAtTheOneAfter(int percent)
    {
        await using var server = await RedisServer.StartAsync(RedisServerSettings.Durable, Token);
        var log = new WriterLog();
        await WriteAsync(server, log, batch: 1, acknowledged: true);
        await WriteAsync(server, log, batch: 2, acknowledged: false);
        await server.KillAsync();
        var file = new AppendOnlyFile(server);
        var (bytes, begin) = (file.Bytes, file.LastTransaction);
        file.Bytes = bytes[..(begin + ((bytes.Length - begin) * percent / 100))];

        await server.RestartAsync(Token);
        await CheckAsync(server, log, "after the first start");
        Assert.Equal((0, 1), log.Unanswered);
        await WriteAsync(server, log, batch: 3, acknowledged: true);
        await server.RestartAsync(Token);
        await CheckAsync(server, log, "after the second start");
    }

    private static async Task<IJobStore> OpenAsync(RedisServer server) =>
        await RedisJobStore.OpenAsync(new() { Endpoint = server.Endpoint, Cluster = "broken", Shards = 1 }, TimeProvider.System, Token);

    private static async Task WriteAsync(RedisServer server, WriterLog log, int batch, bool acknowledged)
    {
        await using var store = await OpenAsync(server);
        var record = new StatedRecord([new("index-0", batch), new("index-1", 7)], "queue-0", 1, new string('.', 100));
        var jobs = Enumerable.Range(0, 10).Select(n => $"batch-{batch}-job-{n}").ToList();
        log.Add($"sent {batch} 0 {string.Join(' ', jobs.Select(id => $"{id}=1"))}");
        await store.ApplyAsync(0, [.. jobs.Select((id, n) => Ops.Create(id) with
        {
            Record = record.ToBytes(),
            AddEntries = [.. record.Entries.Select(e => new IndexEntry(e.Index, e.Score))],
            AddReady = Ops.Ready("queue-0", 50, batch, n),
            Events = [Ops.Bytes("event 0")],
        })], Token);
        if (acknowledged)
            log.Add($"done {batch}");
    }

    private static async Task CheckAsync(RedisServer server, WriterLog log, string when)
    {
        await using var store = await OpenAsync(server);
        var faults = (await log.CompareAsync(store, Token)).Concat(await StoreAudit.FindAsync(store, Token)).ToList();
        Assert.True(faults.Count == 0, $"{when}, {faults.Count} faults:\n{string.Join('\n', faults.Take(20))}");
    }
}
