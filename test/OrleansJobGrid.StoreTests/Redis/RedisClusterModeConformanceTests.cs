using OrleansJobGrid.StoreTests.Conformance;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>
/// The whole suite on a server in cluster mode, which refuses a script that touches another slot than that of its declared keys.
/// </summary>
public sealed class RedisClusterModeConformanceTests(ClusterModeRedis redis) : JobStoreConformance, IClassFixture<ClusterModeRedis>
{
    protected override int Histories => 5;

    protected override Task<IStoreUnderTest> OpenAsync() => redis.OpenStoreAsync();
}

/// <summary>A cluster of one server, which has all slots.</summary>
public sealed class ClusterModeRedis : SharedRedis
{
    protected override async Task<RedisServer> StartAsync()
    {
        // Without an announced address the client looks for the server under an empty one, and each connection takes seconds.
        var server = await RedisServer.StartAsync(
            new() { More = new Dictionary<string, string> { ["cluster-enabled"] = "yes", ["cluster-announce-ip"] = "127.0.0.1" } });
        await using var raw = await ConnectionMultiplexer.ConnectAsync($"{server.Endpoint},allowAdmin=true");
        var node = raw.GetServer(server.Endpoint);
        await node.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!((string)(await node.ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
        return server;
    }
}
