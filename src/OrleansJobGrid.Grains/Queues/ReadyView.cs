using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// The ready entries of one queue in memory: a heap for each requirement signature (and customer, where they are told apart), so that
/// a claim compares the heads of the buckets that its worker can serve and never scans jobs. Pure: no Orleans, no clock, no store.
/// </summary>
/// <remarks>
/// An entry is known by (job, number): an entry that comes back has a new number, so a late word about the old one cannot take it
/// out. What a claim takes is reserved for its customer until <see cref="Release"/> or <see cref="Ended"/>.
/// </remarks>
public sealed partial class ReadyView
{
    private const int EmptyBucketsKept = 64;
    private const int ProfilesKept = 10_000;
    private const int SharesKept = 10_000;

    private readonly QueuePolicy _policy;
    private readonly JobOrder _order;
    private readonly LaneOrder _laneOrder;
    private readonly HashSet<QueuedJob> _jobs = new(new QueuedJobById());
    private readonly HashSet<QueuedJob>.AlternateLookup<JobKey> _byId;
    private readonly Dictionary<long, Bucket> _buckets = [];
    private readonly List<Bucket> _made = [];
    private readonly Dictionary<string, CustomerShare> _customers = new(StringComparer.Ordinal);
    private readonly IndexedHeap<CustomerShare, ShareOrder> _turns = new(default);
    private readonly Dictionary<string, Servable> _servable = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LearnedKind> _learned = new(StringComparer.Ordinal);
    private readonly NumberTrack[] _tracks;
    private bool _apart;
    private int _empty;

    /// <summary>Makes an empty view.</summary>
    /// <param name="shards">Shards of the store.</param>
    /// <param name="policy">How it chooses; null: in strict order.</param>
    public ReadyView(int shards, QueuePolicy? policy = null)
    {
        _policy = policy ?? QueuePolicy.Strict;
        _order = new(_policy.AgeingStepMs);
        _laneOrder = new(_order);
        _apart = _policy.TellsCustomersApart;
        _byId = _jobs.GetAlternateLookup<JobKey>();
        _tracks = [.. Enumerable.Range(0, shards).Select(_ => new NumberTrack())];
    }

    /// <summary>Entries in the view.</summary>
    public int Count => _jobs.Count;

    /// <summary>Depth by the text of the signature.</summary>
    public IReadOnlyDictionary<string, long> Depths => Live.ToDictionary(b => b.Signature.Text, b => (long)b.Live, StringComparer.Ordinal);

    /// <summary>The signatures that entries in the view have.</summary>
    public IReadOnlyList<Signature> Signatures => [.. Live.Select(b => b.Signature)];

    /// <summary>Requirements that the view has buckets for, empty ones counted in.</summary>
    internal int Buckets => _buckets.Count;

    private IEnumerable<Bucket> Live => _buckets.Values.Where(b => b.Live > 0);

    /// <summary>Puts an entry in. False: it is known already, or an older one than what is known.</summary>
    public bool Add(int shard, in StoredReady ready, Signature signature)
    {
        _tracks[shard].Saw(ready.Number);
        if (Find(ready.JobId) is { } known)
        {
            if (known.Number >= ready.Number)
                return false;
            Take(known);
        }

        Insert(new(shard, ready, ShareOf(ready.Customer)), BucketOf(signature));
        return true;
    }

    /// <summary>Takes out the entry of this number, and no later one.</summary>
    public bool Remove(string jobId, long number)
    {
        if (Find(jobId) is not { } job || job.Number != number)
            return false;
        Take(job);
        return true;
    }

    /// <summary>Whether an entry of this signature is in.</summary>
    public bool Has(Signature signature) => _buckets.TryGetValue(signature.Hash, out var bucket) && bucket.Live > 0;

    /// <summary>Jobs of a customer that wait.</summary>
    public long Waiting(string customer) => _customers.TryGetValue(customer, out var share) ? share.Waiting : 0;

    /// <summary>The place of a job among all entries by priority and order, from 1; null: not in the view.</summary>
    public long? Position(string jobId) =>
        Find(jobId) is { } job ? 1 + Live.Sum(b => b.Lanes.Values.Sum(l => (long)l.Jobs.CountBefore(job, int.MaxValue))) : null;

    /// <summary>Whether the view saw every number of a shard up to this one.</summary>
    public bool SawAll(int shard, long number) => _tracks[shard].Contiguous >= number;

    /// <summary>
    /// Makes the view equal to what a scan found: entries numbered up to <paramref name="lastNumber"/> (read before the scan) that
    /// it did not find are gone; later ones were hinted meanwhile and stay.
    /// </summary>
    /// <returns>Entries that came in.</returns>
    public IReadOnlyList<ReadyItem> Reconcile(int shard, long lastNumber, IReadOnlyDictionary<string, StoredReady> found, Func<long, Signature> signatureOf)
    {
        foreach (var job in _jobs.Where(j => j.Shard == shard && j.Number <= lastNumber).ToList())
        {
            if (!found.TryGetValue(job.Key.ToString(), out var stored) || stored.Number != job.Number)
                Take(job);
        }

        // Before the entries, whose numbers come in no order and would all be kept apart.
        _tracks[shard].SawUpTo(lastNumber);
        var added = new List<ReadyItem>();
        foreach (var ready in found.Values)
        {
            var signature = signatureOf(ready.Signature);
            if (Add(shard, ready, signature))
                added.Add(new(shard, ready, signature));
        }

        return added;
    }

    private QueuedJob? Find(string jobId) => _byId.TryGetValue(JobKey.Of(jobId), out var job) ? job : null;

    private void Insert(QueuedJob job, Bucket bucket)
    {
        if (bucket.Live++ == 0)
            _empty--;
        _jobs.Add(job);
        if (job.Customer.Waiting++ == 0)
            Enters(job.Customer);
        Put(job, LaneOf(bucket, job.Customer));
    }

    private void Take(QueuedJob job)
    {
        var bucket = job.Lane.Bucket;
        _jobs.Remove(job);
        _passed.Remove(job);
        if (--job.Customer.Waiting == 0 && job.Customer.HeapIndex >= 0)
            _turns.Remove(job.Customer);
        Unput(job);
        if (--bucket.Live == 0 && ++_empty > Math.Max(EmptyBucketsKept, _buckets.Count / 2))
            DropEmptyBuckets();
    }

    /// <summary>Into its lane, which keeps its own place among the bucket's.</summary>
    private static void Put(QueuedJob job, Lane lane)
    {
        job.Lane = lane;
        lane.Jobs.Add(job);
        if (lane.HeapIndex >= 0)
        {
            if (job.HeapIndex == 0)
                lane.Bucket.Open.Moved(lane);
            return;
        }

        if (lane.Jobs.Count == 1)
            lane.Customer?.Lanes.Add(lane);
        if (lane.Customer is not { Held: true })
            lane.Bucket.Open.Add(lane);
    }

    private static void Unput(QueuedJob job)
    {
        var lane = job.Lane;
        if (lane.Jobs.Count == 1)
        {
            // While its first job is still there, by which it is compared.
            if (lane.HeapIndex >= 0)
                lane.Bucket.Open.Remove(lane);
            lane.Jobs.Remove(job);
            lane.Customer?.Lanes.Remove(lane);
            lane.Bucket.Lanes.Remove(lane.Customer?.Name ?? "");
            return;
        }

        var first = job.HeapIndex == 0;
        lane.Jobs.Remove(job);
        if (first && lane.HeapIndex >= 0)
            lane.Bucket.Open.Moved(lane);
    }

    private Lane LaneOf(Bucket bucket, CustomerShare customer)
    {
        var owner = _apart ? customer : null;
        if (!bucket.Lanes.TryGetValue(owner?.Name ?? "", out var lane))
            bucket.Lanes.Add(owner?.Name ?? "", lane = new(bucket, owner, _order));
        return lane;
    }

    /// <summary>The first worker whose rules ask whose jobs they are makes the view tell customers apart.</summary>
    private void TellApart()
    {
        _apart = true;
        // All out first: the common lane has the name that the lane of jobs without a customer will have.
        foreach (var job in _jobs)
            Unput(job);
        foreach (var job in _jobs)
            Put(job, LaneOf(job.Lane.Bucket, job.Customer));
    }

    private Bucket BucketOf(Signature signature)
    {
        if (_buckets.TryGetValue(signature.Hash, out var bucket))
            return bucket;
        var need = JobNeed.Of(signature);
        bucket = new(signature, need, LearnedOf(need.LearningKey), _laneOrder);
        _buckets.Add(bucket.Hash, bucket);
        _made.Add(bucket);
        _empty++;
        return bucket;
    }

    /// <summary>Requirements come and go, those with exclusions never again; a bucket in use keeps its place in the profiles' lists.</summary>
    private void DropEmptyBuckets()
    {
        foreach (var bucket in _made.Where(b => b.Live == 0))
        {
            bucket.Gone = true;
            _buckets.Remove(bucket.Hash);
        }

        _made.RemoveAll(b => b.Gone);
        _servable.Clear();
        _empty = 0;
    }

    private Servable ServableBy(WorkerMatch worker)
    {
        if (!_servable.TryGetValue(worker.Key, out var servable))
        {
            if (_servable.Count >= ProfilesKept)
                _servable.Clear();
            _servable.Add(worker.Key, servable = new() { Refused = !_policy.Labels.All(worker.HasLabel) });
        }

        for (; servable.Seen < _made.Count; servable.Seen++)
        {
            var bucket = _made[servable.Seen];
            if (servable.Refused || !Matcher.Matches(bucket.Need, worker))
                continue;
            servable.Buckets.Add(bucket);
            servable.Set.Add(bucket);
        }

        return servable;
    }

    /// <summary>The buckets that workers of one profile can serve, among the first so many that were made.</summary>
    private sealed class Servable
    {
        /// <summary>The queue asks for labels that such workers lack.</summary>
        public bool Refused { get; init; }
        public int Seen { get; set; }
        public List<Bucket> Buckets { get; } = [];
        public HashSet<Bucket> Set { get; } = [];
    }

    /// <summary>Which numbers of a shard were seen: all up to <see cref="Contiguous"/>, and some beyond.</summary>
    private sealed class NumberTrack
    {
        private readonly HashSet<long> _ahead = [];

        public long Contiguous { get; private set; }

        public void Saw(long number)
        {
            if (number == Contiguous + 1)
                Contiguous++;
            else if (number > Contiguous)
                _ahead.Add(number);
            Advance();
        }

        public void SawUpTo(long number)
        {
            if (number <= Contiguous)
                return;
            Contiguous = number;
            _ahead.RemoveWhere(n => n <= number);
            Advance();
        }

        private void Advance()
        {
            while (_ahead.Count > 0 && _ahead.Remove(Contiguous + 1))
                Contiguous++;
        }
    }
}

/// <summary>An entry taken from the view.</summary>
/// <param name="Shard">Its shard.</param>
/// <param name="Ready">The entry.</param>
/// <param name="Signature">Its requirement.</param>
/// <param name="Charge">Seconds of work that its customer was charged for it.</param>
public readonly record struct ReadyItem(int Shard, StoredReady Ready, Signature Signature, double Charge = 0);
