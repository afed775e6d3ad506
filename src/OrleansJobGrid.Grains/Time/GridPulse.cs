using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Time;

/// <summary>
/// The beat of a silo: each second, and at each change of the membership, it looks at the sessions and pokes the wheels and the subscriptions. Every silo
/// does, so that none of them matters.
/// </summary>
internal sealed class GridPulse(
    IJobStore store, IGrainFactory grains, SessionWatcher sessions, IClusterMembershipService membership, IOptions<JobGridOptions> options, TimeProvider time,
    ILogger<GridPulse> logger)
    : BackgroundService
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Beat, time);
        var changes = membership.MembershipUpdates.GetAsyncEnumerator(stoppingToken);
        var changed = changes.MoveNextAsync().AsTask();
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await OneBeat();
                var woken = await Task.WhenAny(changed, tick);
                await woken;
                if (woken == changed)
                    changed = changes.MoveNextAsync().AsTask();
                else
                    tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private async Task OneBeat()
    {
        try
        {
            // First, so that no fault among the sessions stops the time of all jobs.
            for (var shard = 0; shard < store.ShardCount; shard++)
                grains.GetGrain<IWheelGrain>(shard).Poke().Ignore();
            grains.GetGrain<ISubscriptionCatalogGrain>(0).Poke().Ignore();
            if (options.Value.Reconciliation.Interval > TimeSpan.Zero)
                grains.GetGrain<IStateReconcilerGrain>(0).Poke().Ignore();
            await sessions.Pass();
        }
        catch (Exception e)
        {
            logger.BeatFailed(e);
        }
    }
}
