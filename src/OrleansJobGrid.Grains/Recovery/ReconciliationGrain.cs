using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Recovery;

/// <inheritdoc cref="IReconciliationGrain"/>
[GrainType("jobgrid.reconciliation")]
internal sealed class ReconciliationGrain(IJobStore store, ILogger<ReconciliationGrain> logger) : Grain, IReconciliationGrain
{
    private const int AtOnce = 64;

    public async Task End(SessionEndCause cause, string reason)
    {
        var session = this.GetPrimaryKeyString();
        // Grants and first words check this mark, so that nothing can be leased to the session once a shard was swept.
        await store.MarkSessionEndedAsync(session, CancellationToken.None);
        var end = await EndOf(session, cause, reason);
        var jobs = 0;
        for (var shard = 0; shard < store.ShardCount; shard++)
            jobs += await Sweep(shard, end);
        await store.RemoveSessionAsync(session, CancellationToken.None);
        logger.SessionEnded(session, reason, jobs);
        DeactivateOnIdle();
    }

    private async Task<SessionEnd> EndOf(string session, SessionEndCause cause, string reason)
    {
        var page = await store.ReadSessionsAsync(CancellationToken.None);
        var record = page.Sessions.FirstOrDefault(s => s.Id == session);
        return new()
        {
            SessionId = session,
            Reason = reason,
            Abnormal = cause is SessionEndCause.ProcessDead or SessionEndCause.LeaseEnded,
            // A process that is dead or gone sends nothing more; of any other the lease alone is known.
            LeaseEndedAt = cause is SessionEndCause.ProcessDead or SessionEndCause.Left ? page.Clock : record?.ExpiresAt ?? page.Clock,
            DeclaredServices = record is null ? [] : SessionBody.Read(record).DeclaredServices,
        };
    }

    /// <summary>Repeats until the shard has nothing leased to the session; a job that throws ends the sweep, which comes again.</summary>
    private async Task<int> Sweep(int shard, SessionEnd end)
    {
        var jobs = 0;
        while (true)
        {
            var page = await store.ReadIndexAsync(shard, JobIndexes.Leased(end.SessionId), null, false, StoreLimits.ReadPage, CancellationToken.None);
            if (page.Entries.Count == 0)
                return jobs;
            foreach (var part in page.Entries.Chunk(AtOnce))
                await Task.WhenAll(part.Select(e => GrainFactory.Job(e.JobId).SessionEnded(end)));
            jobs += page.Entries.Count;
        }
    }
}
