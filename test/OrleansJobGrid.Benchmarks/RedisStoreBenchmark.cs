using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.TestKit.Redis;
using StackExchange.Redis;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// What a queued job costs in Redis (memory) and how fast the store takes the three transitions of a happy job, in batches, all shards
/// at once. The baseline of the same run is as many plain SETs of the record, pipelined over the same connection.
/// </summary>
internal static class RedisStoreBenchmark
{
    private const int Jobs = 100_000;
    private static readonly string[] CpuNames = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"];

    public static async Task RunAsync()
    {
        await MemoryAsync();
        foreach (var fsync in new[] { "everysec", "always" })
            foreach (var batch in new[] { 100, 500 })
                await SpeedAsync(fsync, batch);
    }

    private static async Task MemoryAsync()
    {
        await using var server = await RedisServer.StartAsync();
        await using var store = await OpenAsync(server);
        await using var look = await ConnectionMultiplexer.ConnectAsync(server.Endpoint);
        var before = await InfoAsync(look, "memory", "used_memory");
        await ApplyAllAsync(store, Enumerable.Range(0, Jobs).Select(Submit), 500);
        var used = (long)(await InfoAsync(look, "memory", "used_memory") - before);
        var database = look.GetDatabase();
        foreach (var key in new[] { "jobs", "ready:default", "index:all", "index:due", "index:status:pending" })
        {
            var of = 0L;
            for (var shard = 0; shard < store.ShardCount; shard++)
                of += (long)await database.ExecuteAsync("MEMORY", "USAGE", (RedisKey)$"jobgrid:{{{shard}}}:{key}", "SAMPLES", 0);
            Console.WriteLine($"memory: {of / Jobs,5} B in {key}");
        }
        Console.WriteLine($"memory: {used / Jobs} B a queued job of 500 B with a 120 B event, 3 index entries and its ready entry ({used / 1e6:0} MB for {Jobs:N0}).");
    }

    private static async Task SpeedAsync(string fsync, int batch)
    {
        await using var server = await RedisServer.StartAsync(new() { AppendOnly = "yes", AppendFsync = fsync });
        await using var store = await OpenAsync(server);
        await using var look = await ConnectionMultiplexer.ConnectAsync(server.Endpoint);
        var submits = Enumerable.Range(0, Jobs).Select(Submit).ToArray();
        var assigns = submits.Select(Assign).ToArray();
        var completes = assigns.Select(Complete).ToArray();
        // The first round compiles.
        await ApplyAllAsync(store, Enumerable.Range(Jobs, 20_000).Select(Submit), batch);
        var baseline = await BaselineAsync(server, batch);
        foreach (var (name, operations) in new[] { ("submit", submits), ("assign", assigns), ("complete", completes) })
        {
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var serverCpu = await InfoAsync(look, "cpu", CpuNames);
            var rate = await ApplyAllAsync(store, operations, batch);
            cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
            serverCpu = await InfoAsync(look, "cpu", CpuNames) - serverCpu;
            Console.WriteLine($"appendfsync {fsync}, batches of {batch}: {name,-8} {rate,9:N0} operations/s, {rate / baseline:0.00} of plain SETs, CPU each: {cpu.TotalMicroseconds / Jobs:0.0} us here, {serverCpu * 1e6 / Jobs:0.0} us in Redis");
        }
    }

    private static Task<RedisJobStore> OpenAsync(RedisServer server) =>
        RedisJobStore.OpenAsync(new() { Endpoint = server.Endpoint }, TimeProvider.System, CancellationToken.None);

    private static async Task<double> BaselineAsync(RedisServer server, int batch)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(server.Endpoint);
        var database = connection.GetDatabase();
        var value = new byte[620];
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async lane =>
        {
            for (var n = 0; n < Jobs / 16; n += batch)
                await Task.WhenAll(Enumerable.Range(n, batch).Select(i => database.StringSetAsync($"baseline:{lane}:{i}", value)));
        }));
        return Jobs / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> ApplyAllAsync(RedisJobStore store, IEnumerable<JobOperation> operations, int batch)
    {
        var lanes = operations.GroupBy(o => JobShard.Of(o.JobId, store.ShardCount)).Select(g => (g.Key, g.Chunk(batch).ToArray())).ToArray();
        var count = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(lanes.Select(async lane =>
        {
            foreach (var chunk in lane.Item2)
            {
                var answer = await store.ApplyAsync(lane.Key, chunk, CancellationToken.None);
                if (!answer.Results.All(r => r.Outcome == OperationOutcome.Applied))
                    throw new InvalidOperationException("An operation was not applied.");
                Interlocked.Add(ref count, chunk.Length);
            }
        }));
        return count / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> InfoAsync(ConnectionMultiplexer connection, string section, params string[] names)
    {
        var lines = ((string)(await connection.GetDatabase().ExecuteAsync("INFO", section))!).Split('\n').Select(l => l.Trim().Split(':'));
        return lines.Where(l => names.Contains(l[0])).Sum(l => double.Parse(l[1], CultureInfo.InvariantCulture));
    }

    private static ReadOnlyMemory<byte> Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static JobOperation Submit(int n)
    {
        var at = 1_785_000_000_000 + n;
        var id = new byte[16];
        new Random(n).NextBytes(id);
        return new()
        {
            JobId = new Guid(id).ToString(),
            OperationId = Guid.NewGuid(),
            ExpectedVersion = 0,
            Record = Random(n, 500),
            AddReady = new("default", new(50, at, n), n % 500, $"service=comfyui;models=flux-dev,clip-l,t5;vram>=24;region=eu;isolation=loose;n={n % 500}", "customer"),
            AddEntries = [new("all", at), new("status:pending", at), new("due", at + 604_800_000)],
            Events = [Random(n + 1, 120)],
            Counters = [new("submitted", 1)],
        };
    }

    private static JobOperation Assign(JobOperation submit) => new()
    {
        JobId = submit.JobId,
        OperationId = Guid.NewGuid(),
        ExpectedVersion = 1,
        ExpectedOperationId = submit.OperationId,
        Record = submit.Record,
        Session = "session-1",
        RemoveReady = true,
        RemoveEntries = [submit.AddEntries[1], submit.AddEntries[2]],
        AddEntries = [new("status:assigned", submit.AddEntries[1].Score), new("leased:session-1", submit.AddEntries[1].Score)],
        Events = submit.Events,
    };

    private static JobOperation Complete(JobOperation assign) => new()
    {
        JobId = assign.JobId,
        OperationId = Guid.NewGuid(),
        ExpectedVersion = 2,
        ExpectedOperationId = assign.OperationId,
        Record = assign.Record,
        RemoveEntries = assign.AddEntries,
        AddEntries = [new("status:completed", assign.AddEntries[0].Score), new("due", assign.AddEntries[0].Score + 86_400_000)],
        Events = assign.Events,
        Counters = [new("completed", 1)],
    };
}
