using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Jobs of one requirement and, where customers are told apart, of one customer.</summary>
internal sealed class Lane(Bucket bucket, CustomerShare? customer, JobOrder order) : IHeapItem
{
    public Bucket Bucket { get; } = bucket;

    /// <summary>Whose jobs these are; null: everybody's.</summary>
    public CustomerShare? Customer { get; } = customer;

    public IndexedHeap<QueuedJob, JobOrder> Jobs { get; } = new(order);

    public int HeapIndex { get; set; } = -1;
}

/// <summary>The order of lanes: by their first jobs.</summary>
internal readonly struct LaneOrder(JobOrder jobs) : IComparer<Lane>
{
    public int Compare(Lane? x, Lane? y) => jobs.Compare(x!.Jobs.First, y!.Jobs.First);
}

/// <summary>Jobs of one requirement.</summary>
internal sealed class Bucket(Signature signature, JobNeed need, LearnedKind learned, LaneOrder order)
{
    public Signature Signature { get; } = signature;

    public long Hash { get; } = signature.Hash;

    public JobNeed Need { get; } = need;

    /// <summary>What runs of such jobs showed.</summary>
    public LearnedKind Learned { get; } = learned;

    /// <summary>Lanes by customer; one under the empty name while customers are not told apart.</summary>
    public Dictionary<string, Lane> Lanes { get; } = new(1, StringComparer.Ordinal);

    /// <summary>Lanes that have jobs; one of a held customer leaves when a claim comes upon it, and comes back when the customer is free.</summary>
    public IndexedHeap<Lane, LaneOrder> Open { get; } = new(order);

    /// <summary>The last choice between customers that this bucket was part of.</summary>
    public long Choice { get; set; }

    /// <summary>Jobs in it, those of held customers counted in.</summary>
    public int Live { get; set; }

    /// <summary>Taken out of the view.</summary>
    public bool Gone { get; set; }

    /// <summary>Run time to charge for, seconds: as the submitter says, else as measured, else 1.</summary>
    public double CostSeconds => Need.Requirements.Envelope?.RuntimeSeconds ?? Learned.P50Seconds ?? 1;
}
