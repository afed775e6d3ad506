using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Recovery;

/// <inheritdoc cref="IReconciliationGrain"/>
[GrainType("jobgrid.reconciliation")]
internal sealed class ReconciliationGrain(IJobStore store, ILogger<ReconciliationGrain> logger) : Grain, IReconciliationGrain
{
    private const int AtOnce = 64;

    public async Task End(string reason)
    {
        var session = this.GetPrimaryKeyString();
        // Grants and first words check this mark, so that nothing can be leased to the session once a shard was swept.
        await store.MarkSessionEndedAsync(session, CancellationToken.None);
        var jobs = 0;
        for (var shard = 0; shard < store.ShardCount; shard++)
            jobs += await Sweep(shard, session, reason);
        await store.RemoveSessionAsync(session, CancellationToken.None);
        logger.SessionEnded(session, reason, jobs);
        DeactivateOnIdle();
    }

    /// <summary>Repeats until the shard has nothing leased to the session; a job that throws ends the sweep, which comes again.</summary>
    private async Task<int> Sweep(int shard, string session, string reason)
    {
        var jobs = 0;
        while (true)
        {
            var page = await store.ReadIndexAsync(shard, JobIndexes.Leased(session), null, false, StoreLimits.ReadPage, CancellationToken.None);
            if (page.Entries.Count == 0)
                return jobs;
            foreach (var part in page.Entries.Chunk(AtOnce))
                await Task.WhenAll(part.Select(e => GrainFactory.Job(e.JobId).SessionEnded(session, reason)));
            jobs += page.Entries.Count;
        }
    }
}
