using System.Collections.Concurrent;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// Asks the queues for the workers of a silo. Claims that do not wait travel together: a call leaves as soon as the one before is back. Nothing is
/// awaited at the queue, so none is held up by those beside it.
/// </summary>
public sealed class ClaimLanes(IGrainFactory grains)
{
    private const int ClaimsAtATime = 500;

    private readonly ConcurrentDictionary<string, BatchLane<ClaimRequest, ReservedJobs>> _lanes = new(StringComparer.Ordinal);

    /// <summary>Takes jobs out of a queue's view, see <see cref="IPriorityQueueGrain.Reserve"/>.</summary>
    public async Task<ReservedJobs> Reserve(string queue, ClaimRequest claim)
    {
        var reserved = claim.Wait > TimeSpan.Zero ? await grains.Queue(queue).Reserve(claim) : await LaneOf(queue).Add(claim);
        return reserved.Fault is null ? reserved : throw new InvalidOperationException(reserved.Fault);
    }

    private BatchLane<ClaimRequest, ReservedJobs> LaneOf(string queue) => _lanes.GetOrAdd(
        queue,
        static (name, grains) => new(
            claims => grains.Queue(name).ReserveNow(new Immutable<IReadOnlyList<ClaimRequest>>(claims)), new(ClaimsAtATime)),
        grains);
}
