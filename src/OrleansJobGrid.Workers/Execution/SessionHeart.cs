using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Keeps a session alive: a heartbeat each 2 s with what is held, from whose sending the lease counts.</summary>
internal sealed class SessionHeart(
    IWorkerGrain worker, string workerId, string sessionId, Func<WorkerProfile> profile, HeldAttempts held, SessionLease lease, InstanceBreakers breakers,
    WorkerFacts facts, OrderedDrain drain, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FirstLimit = TimeSpan.FromSeconds(20);

    /// <summary>Its process leaves: said with each heartbeat, as an ordered drain is.</summary>
    public bool Leaving { get; set; }

    /// <summary>Whether the session began; false: it may not, or <paramref name="leave"/> came first.</summary>
    public async Task<bool> Begin(CancellationToken leave)
    {
        while (!leave.IsCancellationRequested)
        {
            switch (await Beat(FirstLimit))
            {
                case HeartbeatResult.Answered:
                    return true;
                case HeartbeatResult.SessionEnded:
                    return false;
                default:
                    await Task.WhenAny(Task.Delay(Pause, time, leave));
                    break;
            }
        }

        return false;
    }

    /// <summary>Beats until <paramref name="over"/>, or until the session is lost: then it says why.</summary>
    public async Task<string?> Run(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var answer = await Beat(lease.Left);
            if (over.IsCancellationRequested)
                break;
            if (answer == HeartbeatResult.SessionEnded)
                return "the grid ended it";
            var pause = answer == HeartbeatResult.Answered ? Period : Pause;
            await Task.WhenAny(Task.Delay(pause, time, over));
            if (!over.IsCancellationRequested && lease.Left <= TimeSpan.Zero)
                return "no heartbeat was answered within the lease";
        }

        return null;
    }

    private async Task<HeartbeatResult> Beat(TimeSpan limit)
    {
        var sent = time.GetTimestamp();
        var now = profile();
        try
        {
            var answer = await worker
                .Heartbeat(new()
                {
                    SessionId = sessionId,
                    Profile = now,
                    Held = held.List(),
                    Draining = Leaving || drain.IsActive,
                    Breakers = breakers.Views(),
                    Gpu = facts.Gpu,
                    LoadedModels = facts.LoadedModels,
                    ModelLoads = facts.ModelLoads,
                    Health = breakers.Health(now.Instances.Select(i => i.Instance)),
                })
                .WaitAsync(limit > Pause ? limit : Pause, time);
            if (answer.SessionEnded)
            {
                // The jobs are others' by now; they say which work outside is to be stopped all the same.
                held.Obey(answer.Stop, EndOrder.Abandon);
                return HeartbeatResult.SessionEnded;
            }

            lease.Renew(sent, TimeSpan.FromMilliseconds(answer.LeaseMs));
            held.Obey(answer.Stop);
            drain.Hear(answer.Drain);
            return HeartbeatResult.Answered;
        }
        catch (Exception e)
        {
            logger.HeartbeatFailed(workerId, (long)lease.Left.TotalMilliseconds, e);
            return HeartbeatResult.Unanswered;
        }
    }

    private enum HeartbeatResult
    {
        Unanswered,
        Answered,
        SessionEnded,
    }
}
