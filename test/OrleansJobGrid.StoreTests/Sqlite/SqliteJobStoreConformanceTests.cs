using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.StoreTests.Conformance;
using OrleansJobGrid.TestKit.Stores;

namespace OrleansJobGrid.StoreTests.Sqlite;

/// <summary>The conformance suite on SQLite.</summary>
public sealed class SqliteJobStoreConformanceTests : JobStoreConformance
{
    protected override async Task<IStoreUnderTest> OpenAsync() => await SqliteUnderTest.OpenAsync();

    private sealed class SqliteUnderTest : IStoreUnderTest
    {
        private readonly TemporaryFolder _folder = new();
        private readonly OffsetTimeProvider _time = new();

        public IJobStore Store { get; private set; } = null!;

        public static async Task<SqliteUnderTest> OpenAsync()
        {
            var underTest = new SqliteUnderTest();
            underTest.Store = await underTest.OpenStoreAsync();
            return underTest;
        }

        public async Task ReopenAsync()
        {
            await Store.DisposeAsync();
            Store = await OpenStoreAsync();
        }

        public bool TryStepHostClock(TimeSpan by)
        {
            _time.Step(by);
            return true;
        }

        public async ValueTask DisposeAsync()
        {
            await Store.DisposeAsync();
            _folder.Dispose();
        }

        private async Task<IJobStore> OpenStoreAsync() =>
            await SqliteJobStore.OpenAsync(new SqliteStoreOptions { DataFolder = _folder.Path }, _time, Token);
    }
}
