using System.Text.RegularExpressions;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.StoreTests.Conformance;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>No script uses a key that is not in KEYS.</summary>
public sealed partial class RedisScriptTests
{
    // Commands without a key.
    private static readonly string[] Keyless = ["TIME"];

    public static TheoryData<string> Names => [.. RedisScript.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryKeyIsTakenFromKeys(string name)
    {
        var text = RedisScript.All.Single(s => s.Name == name).Text;
        var code = string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)));
        var declared = Aliases().Matches(code).SelectMany(m => m.Groups[1].Value.Split(',').Zip(m.Groups[2].Value.Split(',')))
            .Select(pair => (Name: pair.First.Trim(), Value: pair.Second.Trim()))
            .Where(pair => pair.Value.StartsWith("KEYS[", StringComparison.Ordinal)).Select(pair => pair.Name).ToHashSet();
        // `key` and `command` are the parameters of the script's own functions, whose callers are looked at as well.
        var calls = Calls().Matches(code).Select(m => (Command: m.Groups[1].Value, Key: m.Groups[2].Value)).ToList();
        Assert.NotEmpty(calls);
        foreach (var (command, key) in calls.Where(c => !Keyless.Contains(c.Command)))
            Assert.True(
                key == "key" || declared.Contains(key) || key.StartsWith("KEYS[", StringComparison.Ordinal),
                $"{name}.lua: {command} uses '{key}', which is not from KEYS.");
        foreach (Match assignment in KeyAssignments().Matches(code))
            Assert.StartsWith("KEYS[", assignment.Groups[1].Value, StringComparison.Ordinal);
        foreach (var part in new[] { "-- KEYS", "-- Promise:", "-- gives", $"-- {name}: " })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"local ([A-Z_, ]+) = (KEYS[^\n]*)")]
    private static partial Regex Aliases();

    [GeneratedRegex(@"\b(?:call|many|wrong)\((?:(?:'(\w+)'|command), )?([\w\[\].]+)")]
    private static partial Regex Calls();

    [GeneratedRegex(@"\bkey = (\S+)")]
    private static partial Regex KeyAssignments();
}

/// <summary>
/// The whole suite on a server in cluster mode, which refuses a script that touches another slot than that of its declared keys.
/// </summary>
public sealed class RedisClusterModeConformanceTests(ClusterModeRedis redis) : JobStoreConformance, IClassFixture<ClusterModeRedis>
{
    protected override int Histories => 5;

    protected override async Task<IStoreUnderTest> OpenAsync() => await RedisStoreUnderTest.OpenAsync(redis.Server, false, redis.NextCluster());
}

/// <summary>A cluster of one server, which has all slots.</summary>
public sealed class ClusterModeRedis : IAsyncLifetime
{
    private RedisServer? _server;
    private int _clusters;

    internal RedisServer Server => _server ?? throw new InvalidOperationException("The server is not running.");

    internal string NextCluster() => $"grid-{Interlocked.Increment(ref _clusters)}";

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync(new() { More = new Dictionary<string, string> { ["cluster-enabled"] = "yes", ["cluster-announce-ip"] = "127.0.0.1" } });
        await using var raw = await ConnectionMultiplexer.ConnectAsync($"{_server.Endpoint},allowAdmin=true");
        var server = raw.GetServer(_server.Endpoint);
        await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!((string)(await server.ExecuteAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, deadline.Token);
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
