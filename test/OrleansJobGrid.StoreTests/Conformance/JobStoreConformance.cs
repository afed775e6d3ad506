using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.StoreTests.Conformance;

/// <summary>What every <see cref="IJobStore"/> must do. A backend derives a class from this and says how a fresh store is opened.</summary>
public abstract partial class JobStoreConformance : IAsyncLifetime
{
    private IStoreUnderTest? _underTest;

    /// <summary>Opens a store that nothing was written to yet.</summary>
    protected abstract Task<IStoreUnderTest> OpenAsync();

    protected IJobStore Store => (_underTest ?? throw new InvalidOperationException("The store is not open.")).Store;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The last shard: what works there does not work by being the first.</summary>
    private int Shard => Store.ShardCount - 1;

    public async ValueTask InitializeAsync() => _underTest = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (_underTest is not null)
            await _underTest.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private string Job(int n = 0) => Ops.JobIn(Shard, Store.ShardCount, n);

    private async Task<OperationResult> Apply(JobOperation operation) => (await ApplyAll(operation))[0];

    private async Task<IReadOnlyList<OperationResult>> ApplyAll(params JobOperation[] batch)
    {
        var answer = await Store.ApplyAsync(Shard, batch, Token);
        Assert.Equal(batch.Length, answer.Results.Count);
        return answer.Results;
    }

    /// <summary>Applies and asserts that it was.</summary>
    private async Task<JobOperation> Applied(JobOperation operation)
    {
        var result = await Apply(operation);
        Assert.True(result.Outcome == OperationOutcome.Applied, $"{result.Outcome} {result.Reason}");
        return operation;
    }

    private async Task<StoredJob?> Read(string jobId) => (await Store.ReadJobsAsync(Shard, [jobId], Token))[0];

    /// <summary>Applies many operations in batches of the largest size and asserts that each was.</summary>
    private async Task ApplyMany(IEnumerable<JobOperation> operations)
    {
        foreach (var batch in operations.Chunk(StoreLimits.BatchOperations))
            Assert.All(await ApplyAll(batch), r => Assert.Equal(OperationOutcome.Applied, r.Outcome));
    }

    private async Task<List<StoredReady>> ReadAllReady(string queue)
    {
        var all = new List<StoredReady>();
        for (string? cursor = null; ;)
        {
            var page = await Store.ReadReadyAsync(Shard, queue, cursor, Token);
            all.AddRange(page.Entries);
            if ((cursor = page.Next) is null)
                return all;
        }
    }

    private async Task<List<IndexPosition>> ReadWholeIndex(string index, bool descending, int limit)
    {
        var all = new List<IndexPosition>();
        for (IndexPosition? after = null; ;)
        {
            var page = await Store.ReadIndexAsync(Shard, index, after, descending, limit, Token);
            Assert.True(page.Entries.Count <= limit, $"{page.Entries.Count} entries where {limit} were asked for.");
            if (page.Entries.Count == 0)
                return all;
            all.AddRange(page.Entries);
            after = page.Entries[^1];
        }
    }
}
