using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Which job a worker gets.</summary>
public sealed partial class ReadyView
{
    private readonly List<Lane> _heads = [];
    private readonly Dictionary<QueuedJob, Passed> _passed = [];

    /// <summary>
    /// Takes out the job that this worker is to do: of the highest level; within it, with fairness, of the customer who had least for
    /// its weight; then in order. With affinity it may be another of that level that suits the worker better, within the bound.
    /// </summary>
    /// <param name="worker">What it can do.</param>
    /// <param name="facts">What is true of it now.</param>
    /// <param name="clock">Unix ms.</param>
    public ReadyItem? Pop(WorkerMatch worker, ClaimFacts facts, long clock)
    {
        if (First(worker, facts, clock) is not { } first)
            return null;
        var lane = _policy.Affinity ? Preferred(first, facts, clock) : first;
        var job = lane.Jobs.First!;
        var (ready, bucket) = (job.Ready, lane.Bucket);
        Take(job);
        return new(job.Shard, ready, bucket.Signature, Charge(job.Customer, bucket.CostSeconds));
    }

    /// <summary>Whether workers of this profile can do jobs of this requirement.</summary>
    public bool Serves(Signature signature, WorkerMatch worker) =>
        _buckets.TryGetValue(signature.Hash, out var bucket) && ServableBy(worker).Set.Contains(bucket);

    /// <summary>Whether this worker can take a job of this requirement now; its customers' limits are asked as well.</summary>
    public bool CanTake(Signature signature, WorkerMatch worker, ClaimFacts facts, long clock) =>
        _buckets.TryGetValue(signature.Hash, out var bucket) && bucket.Live > 0 && ServableBy(worker).Set.Contains(bucket)
        && FirstOf(bucket, worker, facts, clock) is not null;

    /// <summary>How well jobs of a requirement suit a worker: higher is better.</summary>
    internal static (int Model, int Fit) Suits(JobNeed need, long neededMb, ClaimFacts facts)
    {
        var models = need.Requirements.Models ?? [];
        var loaded = models.Count == 0 ? 1 : models.All(facts.LoadedModels.Contains) ? 2 : 0;
        var fit = facts.TotalGpuMemoryMb is { } total and > 0 ? (int)Math.Min(4, 4 * neededMb / total) : 0;
        return (loaded, fit);
    }

    /// <summary>How well a worker suits jobs of a requirement: its model is loaded, its memory is no larger than needed, it has little to do.</summary>
    public (int Model, long LessMemory, int LessLoad) Suitability(Signature signature, ClaimFacts facts) =>
        !_policy.Affinity || !_buckets.TryGetValue(signature.Hash, out var bucket) ? default
            : (Suits(bucket.Need, 0, facts).Model, -(facts.TotalGpuMemoryMb ?? 0), -facts.Held);

    private Lane? First(WorkerMatch worker, ClaimFacts facts, long clock)
    {
        _heads.Clear();
        Lane? first = null;
        foreach (var bucket in ServableBy(worker).Buckets)
        {
            if (bucket.Live == 0 || FirstOf(bucket, worker, facts, clock) is not { } lane)
                continue;
            if (_policy.Affinity)
                _heads.Add(lane);
            if (first is null || _laneOrder.Compare(lane, first) < 0)
                first = lane;
        }

        return first;
    }

    private Lane? FirstOf(Bucket bucket, WorkerMatch worker, ClaimFacts facts, long clock)
    {
        if (Matcher.ExcludesWorker(bucket.Need, worker) || NotAdmitted(bucket, facts, clock) is not null)
            return null;
        if (worker.CustomerRules && !_apart)
            TellApart();
        return worker.CustomerRules
            ? bucket.Open.FirstThat(l => worker.AllowsCustomer(l.Jobs.First!.Customer.Name, facts.Customers))
            : bucket.Open.First;
    }

    /// <summary>Why the worker's memory does not hold such a job now; null: it does, or nobody knows.</summary>
    /// <remarks>
    /// What the submitter said and what an out-of-memory showed must be free. What was only learned need not be while the worker holds
    /// nothing: services keep models in memory that they give up when another job needs it.
    /// </remarks>
    private static string? NotAdmitted(Bucket bucket, ClaimFacts facts, long clock)
    {
        if (facts.FreeGpuMemoryMb is not { } free)
            return null;
        var sure = Math.Max(bucket.Need.EnvelopeMb ?? 0, bucket.Need.FloorMb);
        if (sure > free)
            return $"{sure} MB of GPU memory are needed and too little is free";
        if (bucket.Need.EnvelopeMb is not null)
            return null;
        var learned = bucket.Learned.NeededMb(clock);
        var there = facts.Held == 0 ? facts.TotalGpuMemoryMb ?? free : free;
        return learned > there ? $"{learned} MB of GPU memory are needed, as runs before showed, and too little is there" : null;
    }

    private Lane Preferred(Lane first, ClaimFacts facts, long clock)
    {
        var job = first.Jobs.First!;
        var passed = _passed.GetValueOrDefault(job);
        if (passed.Times >= _policy.MaxBypasses || (passed.Times > 0 && clock - passed.Since >= _policy.MaxBypassMs))
            return first;
        var level = _order.LevelOf(job);
        var (best, suits) = (first, Suits(first.Bucket.Need, Needed(first.Bucket, clock), facts));
        foreach (var lane in _heads)
        {
            if (_order.LevelOf(lane.Jobs.First!) != level)
                continue;
            var rank = Suits(lane.Bucket.Need, Needed(lane.Bucket, clock), facts);
            var better = rank.CompareTo(suits);
            if (better > 0 || (better == 0 && best != first && _laneOrder.Compare(lane, best) < 0))
                (best, suits) = (lane, rank);
        }

        if (best != first)
            _passed[job] = new(passed.Times + 1, passed.Times == 0 ? clock : passed.Since);
        return best;
    }

    private static long Needed(Bucket bucket, long clock) => Math.Max(bucket.Need.FloorMb, bucket.Need.EnvelopeMb ?? bucket.Learned.NeededMb(clock));

    /// <summary>How often the next job was passed over, and since when.</summary>
    private readonly record struct Passed(int Times, long Since);
}
