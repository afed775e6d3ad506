using System.Diagnostics;
using Hangfire;
using Hangfire.Redis.StackExchange;
using OrleansJobGrid.Benchmarks.Harness;
using StackExchange.Redis;

namespace OrleansJobGrid.Benchmarks.Peers;

/// <summary>Hangfire with its Redis storage, client and server in the benchmark's process. It has no bulk call: eight threads add one by one.</summary>
internal sealed class HangfirePeer : IPeer
{
    private const int Submitters = 8;

    private readonly ConnectionMultiplexer _redis;
    private readonly RedisStorage _storage;
    private readonly int _slots;
    private readonly Process _self = Process.GetCurrentProcess();
    private BackgroundJobServer? _server;
    private static long _completed;

    private HangfirePeer(ConnectionMultiplexer redis, int slots)
    {
        (_redis, _slots) = (redis, slots);
        _storage = new(redis, new RedisStorageOptions { SucceededListSize = 1_000_000 });
        Interlocked.Exchange(ref _completed, 0);
    }

    public string Name => "Hangfire 1.8.25";

    public TimeSpan Cpu
    {
        get
        {
            _self.Refresh();
            return _self.TotalProcessorTime;
        }
    }

    public static async Task<IPeer> StartAsync(GridStore store, int slots)
    {
        var peer = new HangfirePeer(await ConnectionMultiplexer.ConnectAsync(store.Redis!.Endpoint), slots);
        await peer.WorkAsync(true);
        return peer;
    }

    public async Task WorkAsync(bool work)
    {
        if (work)
        {
            _server = new(new BackgroundJobServerOptions { WorkerCount = _slots }, _storage);
        }
        else if (_server is { } server)
        {
            server.SendStop();
            await server.WaitForShutdownAsync(CancellationToken.None);
            server.Dispose();
            _server = null;
        }
    }

    public Task SubmitAsync(int jobs)
    {
        var client = new BackgroundJobClient(_storage);
        return Task.WhenAll(Enumerable.Range(0, Submitters).Select(n => Task.Factory.StartNew(
            () =>
            {
                for (var i = n; i < jobs; i += Submitters)
                    client.Enqueue(() => Work("""{"duration_ms":0}"""));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }

    public Task<long> CompletedAsync() => Task.FromResult(Interlocked.Read(ref _completed));

    public async ValueTask DisposeAsync()
    {
        await WorkAsync(false);
        await _redis.DisposeAsync();
        _self.Dispose();
    }

    /// <summary>The job.</summary>
    public static void Work(string payload) => Interlocked.Increment(ref _completed);
}
