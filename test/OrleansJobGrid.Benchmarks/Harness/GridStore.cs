using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.TestKit.Redis;
using StackExchange.Redis;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>A store and what it flushes.</summary>
internal enum GridStoreKind
{
    Sqlite,
    RedisEverysec,
    RedisAlways,
}

/// <summary>A fresh store of a run: an empty folder, or an empty redis-server of its own.</summary>
internal sealed class GridStore : IAsyncDisposable
{
    private GridStore(GridStoreKind kind, RedisServer? redis) => (Kind, Redis) = (kind, redis);

    public GridStoreKind Kind { get; }

    public RedisServer? Redis { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("jobgrid-bench-").FullName;

    public string Name => Kind switch
    {
        GridStoreKind.Sqlite => "sqlite",
        GridStoreKind.RedisEverysec => "redis-everysec",
        _ => "redis-always",
    };

    public static async Task<GridStore> StartAsync(GridStoreKind kind) => new(kind, kind switch
    {
        GridStoreKind.Sqlite => null,
        GridStoreKind.RedisEverysec => await RedisServer.StartAsync(new() { AppendOnly = "yes", AppendFsync = "everysec" }),
        _ => await RedisServer.StartAsync(new() { AppendOnly = "yes", AppendFsync = "always" }),
    });

    /// <summary>Opens the store by itself, beside no grid, under a name of its own.</summary>
    public async Task<IJobStore> OpenAsync(string cluster) => Redis is { } redis
        ? await RedisJobStore.OpenAsync(new() { Endpoint = redis.Endpoint, Cluster = cluster }, TimeProvider.System, CancellationToken.None)
        : await SqliteJobStore.OpenAsync(new() { DataFolder = Path.Combine(Folder, cluster) }, TimeProvider.System, CancellationToken.None);

    /// <summary>Deletes all that is in Redis.</summary>
    public async Task EmptyAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{Redis!.Endpoint},allowAdmin=true");
        await redis.GetServer(Redis.Endpoint).FlushAllDatabasesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Redis is not null)
            await Redis.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
