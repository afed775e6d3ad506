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
        var faults = new List<Exception>();
        for (var shard = 0; shard < store.ShardCount; shard++)
            jobs += await Sweep(shard, end, faults);
        // One job that cannot be told keeps the session, and nobody else's job waits for it; the next pass tries again.
        if (faults.Count > 0)
            throw new JobStoreException($"{faults.Count} jobs of session {session} could not be told of its end.", faults[0]);
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

    /// <summary>Tells all that is leased to the session, past what throws, and again until nothing new is.</summary>
    private async Task<int> Sweep(int shard, SessionEnd end, List<Exception> faults)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                var page = await store.ReadIndexAsync(shard, JobIndexes.Leased(end.SessionId), null, false, StoreLimits.ReadPage, CancellationToken.None);
                var fresh = page.Entries.Where(e => told.Add(e.JobId)).ToList();
                if (fresh.Count == 0)
                    return told.Count;
                foreach (var part in fresh.Chunk(AtOnce))
                    await Task.WhenAll(part.Select(e => Tell(e.JobId, end, faults)));
            }
        }
        catch (JobStoreException e)
        {
            faults.Add(e);
            return told.Count;
        }
    }

    private async Task Tell(string jobId, SessionEnd end, List<Exception> faults)
    {
        try
        {
            await GrainFactory.Job(jobId).SessionEnded(end);
        }
        catch (Exception e)
        {
            logger.JobNotTold(end.SessionId, jobId, e);
            faults.Add(e);
        }
    }
}
