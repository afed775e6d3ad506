using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Time;

/// <inheritdoc cref="IWheelGrain"/>
[GrainType("jobgrid.wheel")]
internal sealed class WheelGrain(IJobStore store, Storage.StoreClock clock, TimeProvider time, ILogger<WheelGrain> logger) : Grain, IWheelGrain
{
    private const int PageSize = 500;
    private const int AtOnce = 64;
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
    private static readonly TimeSpan Alarming = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Failing> _failing = new(StringComparer.Ordinal);
    private long _lastPass;

    private int Shard => (int)this.GetPrimaryKeyLong();

    public async Task Poke()
    {
        if (_lastPass != 0 && time.GetElapsedTime(_lastPass) < LeastPause)
            return;
        try
        {
            await Pass();
        }
        catch (JobStoreException e)
        {
            logger.PassFailed(Shard, e);
        }

        _lastPass = time.GetTimestamp();
    }

    public Task<IReadOnlyDictionary<string, string>> Stuck() =>
        Task.FromResult<IReadOnlyDictionary<string, string>>(
            _failing.Where(f => f.Value.Pause >= Alarming).ToDictionary(f => f.Key, f => f.Value.Why));

    /// <summary>Pages through what is due, past what throws.</summary>
    private async Task Pass()
    {
        IndexPosition? after = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var page = await store.ReadIndexAsync(Shard, JobIndexes.Due, after, false, PageSize, CancellationToken.None);
            clock.Observe(page.Clock);
            var due = page.Entries.Where(e => e.Score <= page.Clock).ToList();
            foreach (var part in due.Chunk(AtOnce))
                await Task.WhenAll(part.Select(e => Wake(e.JobId)));
            seen.UnionWith(due.Select(e => e.JobId));
            if (due.Count < PageSize)
                break;
            after = due[^1];
        }

        // What was moved otherwise is not due any more.
        foreach (var moved in _failing.Keys.Where(id => !seen.Contains(id)).ToList())
            _failing.Remove(moved);
    }

    /// <summary>
    /// A call that throws is repeated after 1 s, then 2 s, up to an hour: a silo that died or a store that was away passes in moments,
    /// a damaged record does not.
    /// </summary>
    private async Task Wake(string jobId)
    {
        var known = _failing.TryGetValue(jobId, out var failing);
        if (known && time.GetElapsedTime(failing.At) < failing.Pause)
            return;
        try
        {
            await (SagaStore.SagaOf(jobId) is { } saga ? GrainFactory.GetGrain<ISagaGrain>(saga).OnDue() : GrainFactory.Job(jobId).OnDue());
            _failing.Remove(jobId);
        }
        catch (Exception e)
        {
            logger.DueFailed(jobId, e);
            var pause = !known ? FirstPause : failing.Pause * 2 < LongestPause ? failing.Pause * 2 : LongestPause;
            _failing[jobId] = new(e.Message, time.GetTimestamp(), pause);
        }
    }

    private readonly record struct Failing(string Why, long At, TimeSpan Pause);
}
