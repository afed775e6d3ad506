using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>A ready entry in the view. There may be millions: every field counts.</summary>
internal sealed class QueuedJob(int shard, in StoredReady ready, CustomerShare customer) : IHeapItem
{
    private readonly short _shard = (short)shard;
    private readonly byte _priority = (byte)ready.Order.Priority;

    public JobKey Key { get; } = JobKey.Of(ready.JobId);

    public long Number { get; } = ready.Number;

    public long Time { get; } = ready.Order.Time;

    public long Sequence { get; } = ready.Order.Sequence;

    public CustomerShare Customer { get; } = customer;

    /// <summary>Where it stands; set when it is put in.</summary>
    public Lane Lane { get; set; } = null!;

    public int HeapIndex { get; set; } = -1;

    public int Shard => _shard;

    public int Priority => _priority;

    public StoredReady Ready => new(Key.ToString(), Number, new(_priority, Time, Sequence), Lane.Bucket.Hash, Customer.Name);
}

/// <summary>The order of jobs: by priority, then time, then sequence; with ageing by the time less a step for each point of priority.</summary>
/// <param name="stepMs">Milliseconds of waiting that are worth a point of priority; 0: no ageing.</param>
internal readonly struct JobOrder(long stepMs) : IComparer<QueuedJob>
{
    public int Compare(QueuedJob? x, QueuedJob? y)
    {
        var first = stepMs == 0
            ? y!.Priority.CompareTo(x!.Priority)
            : (x!.Time - (x.Priority * stepMs)).CompareTo(y!.Time - (y.Priority * stepMs));
        if (first != 0)
            return first;
        var byTime = x.Time.CompareTo(y.Time);
        return byTime != 0 ? byTime : x.Sequence.CompareTo(y.Sequence);
    }

    /// <summary>
    /// The level within which fairness and affinity may reorder, higher first: the priority; with ageing the priority less the steps
    /// that passed from the epoch to the job's time, so that a level is a window of one step in which a point of priority more equals a step later.
    /// </summary>
    public long LevelOf(QueuedJob job) => stepMs == 0 ? job.Priority : -FloorDivided(job.Time - (job.Priority * stepMs), stepMs);

    private static long FloorDivided(long value, long by) => (value / by) - (value % by < 0 ? 1 : 0);
}
