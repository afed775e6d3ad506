using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Hears what the grid orders of a session, one long poll after another: stops, adoptions, queries.</summary>
internal sealed class SessionOrders(
    IWorkerGrain worker, string workerId, string sessionId, HeldAttempts held, ServiceQueries queries, Action<JobGrant> adopt, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public async Task Run(CancellationToken deaf)
    {
        while (!deaf.IsCancellationRequested)
        {
            try
            {
                var orders = await worker.NextOrders(sessionId, PollWait).WaitAsync(deaf);
                foreach (var grant in orders.Adoptions)
                    adopt(grant);
                held.Obey(orders.Stops);
                foreach (var query in orders.Queries)
                    queries.Ask(query, deaf);
            }
            catch (OperationCanceledException) when (deaf.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.OrdersFailed(workerId, e);
                await Task.WhenAny(Task.Delay(Pause, time, deaf));
            }
        }
    }
}
