using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Sqlite;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A SQLite store in a folder of its own, which all silos of a test share, behind a decorator that can fail.</summary>
internal sealed class GridStore : IAsyncDisposable
{
    private readonly string _folder;

    private GridStore(string folder, IJobStore inner, OffsetTimeProvider clock)
    {
        _folder = folder;
        Inner = inner;
        Clock = clock;
        Faulty = new(inner, TimeProvider.System, leaveOpen: true);
        Artefacts = FolderArtefactStore.Open(Path.Combine(folder, "artefacts"), TimeProvider.System);
    }

    /// <summary>The store itself, for the test's own reading.</summary>
    public IJobStore Inner { get; }

    /// <summary>What the silos see.</summary>
    public FaultyJobStore Faulty { get; }

    /// <summary>The host's clock under the store; a step moves the store's clock.</summary>
    public OffsetTimeProvider Clock { get; }

    public IArtefactStore Artefacts { get; }

    /// <summary>The store's clock about now, Unix ms.</summary>
    public long Now => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<GridStore> OpenAsync()
    {
        var folder = Directory.CreateTempSubdirectory("jobgrid-cluster-").FullName;
        var clock = new OffsetTimeProvider();
        return new(folder, await SqliteJobStore.OpenAsync(new() { DataFolder = Path.Combine(folder, "data") }, clock, CancellationToken.None), clock);
    }

    /// <summary>A job's record as stored; null: there is none.</summary>
    public async Task<JobRecord?> ReadAsync(string jobId)
    {
        var stored = await Inner.ReadJobsAsync(JobShard.Of(jobId, Inner.ShardCount), [jobId], CancellationToken.None);
        return stored[0] is { } job ? JobRecordFormat.Read(jobId, job.Record) : null;
    }

    /// <summary>All records.</summary>
    public async Task<Dictionary<string, JobRecord>> ReadAllAsync()
    {
        var all = new Dictionary<string, JobRecord>();
        await StoreChecker.Check(Inner, (id, record) => all.Add(id, record), CancellationToken.None);
        return all;
    }

    /// <summary>The types of a job's events, oldest first.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string jobId) =>
        [.. (await Inner.ReadEventsAsync(JobShard.Of(jobId, Inner.ShardCount), jobId, CancellationToken.None)).Select(e => JobRecordFormat.ReadEvent(e).Type)];

    /// <summary>
    /// Every one of these jobs is completed, with one completion in its log, and the store agrees with itself and counted each once.
    /// </summary>
    public async Task AssertEachCompletedOnceAsync(IReadOnlyCollection<string> jobIds)
    {
        foreach (var id in jobIds)
        {
            Assert.Equal(JobStatus.Completed, (await ReadAsync(id))?.Status);
            Assert.Single(await EventsAsync(id), JobEventTypes.Completed);
        }

        var counters = await Inner.ReadCountersAsync(CancellationToken.None);
        Assert.Equal(jobIds.Count, counters.GetValueOrDefault("completed"));
        await AssertNoFaultAsync();
    }

    public async Task AssertNoFaultAsync() => Assert.Empty(await StoreChecker.Check(Inner, null, CancellationToken.None));

    public async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
