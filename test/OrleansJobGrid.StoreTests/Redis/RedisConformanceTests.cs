using OrleansJobGrid.StoreTests.Conformance;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>One server for a class of tests; each store has a cluster name of its own, as grids that share a server have.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private RedisServer? _server;
    private int _clusters;

    internal RedisServer Server => _server ?? throw new InvalidOperationException("The server is not running.");

    internal string NextCluster() => $"grid-{Interlocked.Increment(ref _clusters)}";

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class RedisConformanceTests(SharedRedis redis) : JobStoreConformance, IClassFixture<SharedRedis>
{
    protected override async Task<IStoreUnderTest> OpenAsync() => await RedisStoreUnderTest.OpenAsync(redis.Server, false, redis.NextCluster());
}
