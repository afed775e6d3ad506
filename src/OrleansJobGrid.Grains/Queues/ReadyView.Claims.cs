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
    private long _choice;

    /// <summary>
    /// Takes out the job that this worker is to do: of the highest level; within it, with fairness, of the customer who had least for
    /// its weight; then in order. With affinity it may be another of that level that suits the worker better, within the bound.
    /// </summary>
    /// <param name="worker">What it can do.</param>
    /// <param name="facts">What is true of it now.</param>
    /// <param name="clock">Unix ms.</param>
    public ReadyItem? Pop(WorkerMatch worker, ClaimFacts facts, long clock) => Pop(worker, ref facts, clock);

    /// <summary>The same for one of several jobs of a claim: the facts become what they are with that job.</summary>
    public ReadyItem? Pop(WorkerMatch worker, ref ClaimFacts facts, long clock)
    {
        Heads(worker, facts, clock);
        if (_heads.Count == 0)
            return null;
        var lane = Next(worker, facts);
        if (_policy.Affinity)
            lane = Preferred(lane, worker, facts, clock);
        var job = lane.Jobs.First!;
        var (ready, bucket) = (job.Ready, lane.Bucket);
        facts = With(job, bucket, worker, facts, clock);
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

    /// <summary>Of each bucket that the worker can serve now the first lane, as far as it is of the highest level among them.</summary>
    private void Heads(WorkerMatch worker, ClaimFacts facts, long clock)
    {
        _heads.Clear();
        var highest = long.MinValue;
        foreach (var bucket in ServableBy(worker).Buckets)
        {
            if (bucket.Live == 0 || FirstOf(bucket, worker, facts, clock) is not { } lane)
                continue;
            var level = _order.LevelOf(lane.Jobs.First!);
            if (level > highest)
            {
                _heads.Clear();
                highest = level;
            }

            if (level == highest)
                _heads.Add(lane);
        }
    }

    /// <summary>Whose turn it is in the buckets of <see cref="_heads"/>.</summary>
    private Lane Next(WorkerMatch worker, ClaimFacts facts)
    {
        if (!_policy.Fair)
            return _heads.Min(_laneOrder)!;
        _choice++;
        foreach (var head in _heads)
            head.Bucket.Choice = _choice;
        var level = _order.LevelOf(_heads[0].Jobs.First!);
        Lane? next = null;
        _turns.FirstThat(c => worker.AllowsCustomer(c.Name, facts.Customers) && (next = NextOf(c, level)) is not null);
        return next ?? throw new InvalidOperationException("No customer has the jobs that stand first.");
    }

    private Lane? NextOf(CustomerShare customer, long level)
    {
        Lane? next = null;
        foreach (var lane in customer.Lanes)
        {
            if (lane.Bucket.Choice == _choice && _order.LevelOf(lane.Jobs.First!) == level && (next is null || _laneOrder.Compare(lane, next) < 0))
                next = lane;
        }

        return next;
    }

    private Lane? FirstOf(Bucket bucket, WorkerMatch worker, ClaimFacts facts, long clock)
    {
        if (Matcher.ExcludesWorker(bucket.Need, worker) || NotAdmitted(bucket, facts, clock) is not null)
            return null;
        if (worker.CustomerRules && !_apart)
            TellApart();
        while (bucket.Open.First is { Customer.Held: true } held)
            bucket.Open.Remove(held);
        return worker.CustomerRules
            ? bucket.Open.FirstThat(l => l.Customer is { Held: false } customer && worker.AllowsCustomer(customer.Name, facts.Customers))
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

    private static ClaimFacts With(QueuedJob job, Bucket bucket, WorkerMatch worker, ClaimFacts facts, long clock)
    {
        var customer = job.Ready.Customer;
        var another = worker.CustomerRules && !facts.Customers.Contains(customer);
        return facts.FreeGpuMemoryMb is null && !another ? facts : facts with
        {
            FreeGpuMemoryMb = facts.FreeGpuMemoryMb is { } free ? Math.Max(0, free - Needed(bucket, clock)) : null,
            Customers = another ? [.. facts.Customers, customer] : facts.Customers,
            Held = facts.Held + 1,
        };
    }

    private Lane Preferred(Lane first, WorkerMatch worker, ClaimFacts facts, long clock)
    {
        var job = first.Jobs.First!;
        var passed = _passed.GetValueOrDefault(job);
        if (passed.Times >= _policy.MaxBypasses || (passed.Times > 0 && clock - passed.Since >= _policy.MaxBypassMs))
            return first;
        var best = _heads.Max(h => RankOf(h.Bucket, facts, clock));
        if (best.CompareTo(RankOf(first.Bucket, facts, clock)) <= 0)
            return first;
        _passed[job] = new(passed.Times + 1, passed.Times == 0 ? clock : passed.Since);
        _heads.RemoveAll(h => RankOf(h.Bucket, facts, clock) != best);
        return Next(worker, facts);
    }

    private static (int Model, int Fit) RankOf(Bucket bucket, ClaimFacts facts, long clock) => Suits(bucket.Need, Needed(bucket, clock), facts);

    private static long Needed(Bucket bucket, long clock) => Math.Max(bucket.Need.FloorMb, bucket.Need.EnvelopeMb ?? bucket.Learned.NeededMb(clock));

    /// <summary>How often the next job was passed over, and since when.</summary>
    private readonly record struct Passed(int Times, long Since);
}
