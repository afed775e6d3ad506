using OrleansJobGrid.StoreTests.Conformance;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>
/// One server for a class of tests; each store has a cluster name of its own, as grids that share a server have. It is started by the
/// first test, since only a test can be skipped where there is no server to start.
/// </summary>
public class SharedRedis : IAsyncDisposable
{
    private readonly Lazy<Task<RedisServer>> _server;
    private int _clusters;

    public SharedRedis() => _server = new(StartAsync);

    internal async Task<IStoreUnderTest> OpenStoreAsync() =>
        await RedisStoreUnderTest.OpenAsync(await _server.Value, false, $"grid-{Interlocked.Increment(ref _clusters)}");

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully)
            await _server.Value.Result.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual Task<RedisServer> StartAsync() => RedisServer.StartAsync();
}

public sealed class RedisConformanceTests(SharedRedis redis) : JobStoreConformance, IClassFixture<SharedRedis>
{
    protected override Task<IStoreUnderTest> OpenAsync() => redis.OpenStoreAsync();
}
