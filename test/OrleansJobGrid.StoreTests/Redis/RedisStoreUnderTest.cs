using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>A store on a server that may serve several; what was written stays until the server is disposed.</summary>
internal sealed class RedisStoreUnderTest(RedisStoreOptions options, RedisServer? owned) : IStoreUnderTest
{
    private RedisJobStore? _store;

    public IJobStore Store => Redis;

    public RedisJobStore Redis => _store ?? throw new InvalidOperationException("The store is not open.");

    /// <summary>Opens a store on a server; <paramref name="owned"/>: it is ended with the store.</summary>
    public static async Task<RedisStoreUnderTest> OpenAsync(RedisServer server, bool owned, string cluster = "jobgrid", int? shards = null)
    {
        var underTest = new RedisStoreUnderTest(new() { Endpoint = server.Endpoint, Cluster = cluster, Shards = shards }, owned ? server : null);
        await underTest.ReopenAsync();
        return underTest;
    }

    public async Task ReopenAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        _store = await RedisJobStore.OpenAsync(options, TimeProvider.System, CancellationToken.None);
    }

    public bool TryStepHostClock(TimeSpan by) => false;

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        if (owned is not null)
            await owned.DisposeAsync();
    }
}
