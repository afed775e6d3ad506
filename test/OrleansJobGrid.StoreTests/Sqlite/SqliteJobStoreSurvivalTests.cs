using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.StoreTests.Survival;

namespace OrleansJobGrid.StoreTests.Sqlite;

/// <summary>kill -9 on SQLite.</summary>
public sealed class SqliteJobStoreSurvivalTests : JobStoreSurvival, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    protected override IReadOnlyList<string> WriterArguments => ["sqlite", _folder.Path];

    public void Dispose() => _folder.Dispose();

    protected override async Task<IJobStore> OpenAsync() =>
        await SqliteJobStore.OpenAsync(new SqliteStoreOptions { DataFolder = _folder.Path }, TimeProvider.System, Token);
}
