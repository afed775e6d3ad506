using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.Storage.Sqlite;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Opens the store that the options name.</summary>
internal static class GridStores
{
    public static async Task<IJobStore> OpenAsync(GridOptions options, CancellationToken cancellationToken) => options.Redis is { } redis
        ? await RedisJobStore.OpenAsync(new() { Endpoint = redis, Cluster = options.Cluster }, TimeProvider.System, cancellationToken)
        : await SqliteJobStore.OpenAsync(new() { DataFolder = options.DataFolder }, TimeProvider.System, cancellationToken);
}
