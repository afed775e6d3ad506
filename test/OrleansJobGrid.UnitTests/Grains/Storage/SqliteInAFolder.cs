using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;

namespace OrleansJobGrid.UnitTests.Grains.Storage;

/// <summary>A real store, of one shard, in a folder that is removed with it.</summary>
internal sealed class SqliteInAFolder : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-units-").FullName;

    public IJobStore Store { get; private set; } = null!;

    public static async Task<SqliteInAFolder> Open()
    {
        var opened = new SqliteInAFolder();
        opened.Store = await SqliteJobStore.OpenAsync(new() { DataFolder = opened._folder, Readers = 2 }, TimeProvider.System, CancellationToken.None);
        return opened;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
