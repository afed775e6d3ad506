using Microsoft.Extensions.Logging;
using Orleans.Dashboard;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Time;

/// <inheritdoc cref="IWheelGrain"/>
[NoProfiling, GrainType("jobgrid.wheel")]
internal sealed class WheelGrain(IJobStore store, Storage.StoreClock clock, TimeProvider time, ILogger<WheelGrain> logger) : Grain, IWheelGrain
{
    private const int PageSize = 500;
    private const int AtOnce = 64;
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan StuckAgain = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (string Why, long At)> _stuck = new(StringComparer.Ordinal);
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
        Task.FromResult<IReadOnlyDictionary<string, string>>(_stuck.ToDictionary(s => s.Key, s => s.Value.Why));

    /// <summary>Pages through what is due, past what throws.</summary>
    private async Task Pass()
    {
        IndexPosition? after = null;
        while (true)
        {
            var page = await store.ReadIndexAsync(Shard, JobIndexes.Due, after, false, PageSize, CancellationToken.None);
            clock.Observe(page.Clock);
            var due = page.Entries.Where(e => e.Score <= page.Clock).ToList();
            foreach (var part in due.Chunk(AtOnce))
                await Task.WhenAll(part.Select(e => Wake(e.JobId)));
            if (due.Count < PageSize)
                return;
            after = due[^1];
        }
    }

    private async Task Wake(string jobId)
    {
        if (_stuck.TryGetValue(jobId, out var stuck) && time.GetElapsedTime(stuck.At) < StuckAgain)
            return;
        try
        {
            await GrainFactory.Job(jobId).OnDue();
            _stuck.Remove(jobId);
        }
        catch (StoreUnavailableException e)
        {
            logger.DueFailed(jobId, e);
        }
        catch (Exception e)
        {
            logger.DueFailed(jobId, e);
            _stuck[jobId] = (e.Message, time.GetTimestamp());
        }
    }
}
