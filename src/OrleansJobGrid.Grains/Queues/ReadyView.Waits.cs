using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>What waits, how long it may, and what was learned of it.</summary>
public sealed partial class ReadyView
{
    /// <summary>Jobs that are counted before one at most.</summary>
    internal const int MostCounted = 100_000;

    private const string FromRequirements = "requirements";
    private const string FromRuns = "learned";
    private const string FromOutOfMemory = "out_of_memory";

    /// <summary>What is known of the wait of a job; null: it is not in the view.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="workers">The live workers; those that can do it decide which other jobs compete with it.</param>
    /// <param name="waiting">Facts of the claims that wait now, with the worker of each.</param>
    /// <param name="clock">Unix ms.</param>
    public QueueWait? Wait(string jobId, IReadOnlyList<WorkerMatch> workers, IEnumerable<(WorkerMatch Worker, ClaimFacts Facts)> waiting, long clock)
    {
        if (Find(jobId) is not { } job)
            return null;
        var bucket = job.Lane.Bucket;
        var competing = new HashSet<Bucket> { bucket };
        foreach (var servable in workers.DistinctBy(w => w.Key).Select(ServableBy).Where(s => s.Set.Contains(bucket)))
            competing.UnionWith(servable.Buckets);
        var (ahead, seconds) = (0, 0.0);
        foreach (var other in competing.Where(b => b.Live > 0))
        {
            foreach (var lane in other.Lanes.Values)
            {
                var before = lane.Jobs.CountBefore(job, MostCounted - ahead);
                ahead += before;
                seconds += before * other.CostSeconds;
            }
        }

        var (needed, source) = NeededBy(bucket, clock);
        return new()
        {
            Position = ahead + 1,
            PositionIsAtLeast = ahead >= MostCounted,
            SecondsAhead = seconds,
            RunP50Seconds = bucket.Need.Requirements.Envelope?.RuntimeSeconds ?? bucket.Learned.P50Seconds,
            RunP90Seconds = bucket.Need.Requirements.Envelope?.RuntimeSeconds ?? bucket.Learned.P90Seconds,
            Measured = bucket.Learned.Measured,
            EnvelopeMb = needed,
            EnvelopeSource = source,
            CustomerHeld = job.Customer.HeldReason,
            NotNow = NotNow(bucket, waiting, clock),
        };
    }

    /// <summary>What waits, by requirement.</summary>
    public IReadOnlyList<BucketDemand> Demand() =>
        [.. Live.Select(b => new BucketDemand(b.Signature.Text, b.Live, b.Lanes.Values.Min(Oldest), b.Learned.P50Seconds))];

    /// <summary>GPU memory that jobs of a requirement are taken to need, MB; null: not known.</summary>
    public long? NeededMb(Jobs.Signature signature, long clock) =>
        _buckets.TryGetValue(signature.Hash, out var bucket) ? NeededBy(bucket, clock).Mb : null;

    /// <summary>Figures of a run.</summary>
    public void Learn(Jobs.Signature signature, EndedKind kind, double seconds, long? memoryMb, long clock)
    {
        var learned = LearnedOf(JobNeed.Of(signature).LearningKey);
        if (kind == EndedKind.Completed)
            learned.Completed(seconds, memoryMb);
        else if (kind == EndedKind.OutOfMemory && memoryMb is { } had)
            learned.RanOut(had, clock);
    }

    /// <summary>What was learned, for the store: the last <paramref name="most"/> kinds.</summary>
    public IReadOnlyDictionary<string, LearnedRuns> Learned(int most) => _learned.Where(l => l.Value.Measured > 0 || l.Value.FloorMb > 0)
        .TakeLast(most).ToDictionary(l => l.Key, l => l.Value.Snapshot(), StringComparer.Ordinal);

    /// <summary>What was learned before this view came into being.</summary>
    public void Restore(IReadOnlyDictionary<string, LearnedRuns> learned)
    {
        foreach (var (key, runs) in learned)
            LearnedOf(key).Restore(runs);
    }

    private LearnedKind LearnedOf(string key)
    {
        if (!_learned.TryGetValue(key, out var learned))
            _learned.Add(key, learned = new());
        return learned;
    }

    private static (long? Mb, string? Source) NeededBy(Bucket bucket, long clock)
    {
        if (bucket.Need.FloorMb > 0 && bucket.Need.FloorMb >= (bucket.Need.EnvelopeMb ?? 0))
            return (bucket.Need.FloorMb, FromOutOfMemory);
        if (bucket.Need.EnvelopeMb is { } said)
            return (said, FromRequirements);
        var learned = bucket.Learned.NeededMb(clock);
        return learned == 0 ? (null, null) : (learned, learned > bucket.Learned.PeakMb ? FromOutOfMemory : FromRuns);
    }

    private Dictionary<string, int> NotNow(Bucket bucket, IEnumerable<(WorkerMatch Worker, ClaimFacts Facts)> waiting, long clock)
    {
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (worker, facts) in waiting.Where(w => ServableBy(w.Worker).Set.Contains(bucket)))
        {
            var reason = Matcher.ExcludesWorker(bucket.Need, worker) ? "the job failed there and is kept away for a while"
                : NotAdmitted(bucket, facts, clock)
                ?? (FirstOf(bucket, worker, facts, clock) is null ? "the worker serves other customers now" : null);
            if (reason is not null)
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        return reasons;
    }

    private static long Oldest(Lane lane)
    {
        var oldest = long.MaxValue;
        foreach (var job in lane.Jobs.Items)
            oldest = Math.Min(oldest, job.Time);
        return oldest;
    }
}
