using System.Diagnostics;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.StoreTests.Survival;
using OrleansJobGrid.TestKit.Redis;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>Servers and writers that are killed run alone: a port that one of them frees must not become another test's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KilledProcesses
{
    public const string Name = "killed processes";
}

/// <summary>A Redis with <c>appendfsync always</c> and a writer in a process of its own.</summary>
public abstract class RedisSurvival : JobStoreSurvival, IAsyncLifetime
{
    private const int Shards = 2;

    private RedisServer? _server;

    protected RedisServer Server => _server ?? throw new InvalidOperationException("The server is not running.");

    protected override IReadOnlyList<string> WriterArguments => ["redis", Server.Endpoint, "survival", $"{Shards}"];

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync(RedisServerSettings.Durable);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override async Task<IJobStore> OpenAsync() =>
        await RedisJobStore.OpenAsync(new() { Endpoint = Server.Endpoint, Cluster = "survival" }, TimeProvider.System, Token);
}

/// <summary>kill -9 on the process that writes.</summary>
[Collection(KilledProcesses.Name)]
public sealed class RedisWriterSurvivalTests : RedisSurvival
{
    protected override async Task<IJobStore> OpenAsync()
    {
        // What the dead writer's connections still held is run before the server drops them.
        await using var look = await ConnectionMultiplexer.ConnectAsync(Server.Endpoint);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (((string)(await look.GetDatabase().ExecuteAsync("CLIENT", "LIST"))!).Contains("name=jobgrid-", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, deadline.Token);
        return await base.OpenAsync();
    }
}

/// <summary>kill -9 on the server, in the middle of its scripts.</summary>
[Collection(KilledProcesses.Name)]
public sealed class RedisServerSurvivalTests : RedisSurvival
{
    protected override int Rounds => 8;

    protected override Task KillAsync(Process writer) => Server.KillAsync();

    protected override async Task<IJobStore> OpenAsync()
    {
        await Server.RestartAsync(Token);
        return await base.OpenAsync();
    }
}
