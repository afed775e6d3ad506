using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// The ready entries of one queue in memory: a heap for each requirement signature, so that a claim compares the heads of the
/// buckets that its worker can serve and never scans jobs. Pure: no Orleans, no clock, no store.
/// </summary>
/// <remarks>
/// An entry is known by (job, number): an entry that comes back has a new number, so a late word about the old one cannot take it
/// out. Heaps drop dead entries when they reach the head, or when they are more than the living.
/// </remarks>
public sealed class ReadyView
{
    private const int DeadAllowed = 64;

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Bucket> _buckets = [];
    private readonly NumberTrack[] _tracks;
    private readonly Dictionary<string, List<Bucket>> _servable = new(StringComparer.Ordinal);

    public ReadyView(int shards) => _tracks = [.. Enumerable.Range(0, shards).Select(_ => new NumberTrack())];

    /// <summary>Entries in the view.</summary>
    public int Count => _entries.Count;

    /// <summary>Depth by the text of the signature.</summary>
    public IReadOnlyDictionary<string, long> Depths =>
        _buckets.Values.Where(b => b.Live > 0).ToDictionary(b => b.Signature.Text, b => (long)b.Live, StringComparer.Ordinal);

    /// <summary>The signatures that entries in the view have.</summary>
    public IReadOnlyList<Signature> Signatures => [.. _buckets.Values.Where(b => b.Live > 0).Select(b => b.Signature)];

    /// <summary>Entries that the heaps hold, the dead ones counted in.</summary>
    internal int Held => _buckets.Values.Sum(b => b.Heap.Count);

    /// <summary>Puts an entry in. False: it is known already, or an older one than what is known.</summary>
    public bool Add(int shard, StoredReady ready, Signature signature)
    {
        _tracks[shard].Saw(ready.Number);
        if (_entries.TryGetValue(ready.JobId, out var known))
        {
            if (known.Ready.Number >= ready.Number)
                return false;
            Take(known);
        }

        Insert(new(shard, ready, BucketOf(signature)));
        return true;
    }

    /// <summary>Takes out the entry of this number, and no later one.</summary>
    public bool Remove(string jobId, long number)
    {
        if (!_entries.TryGetValue(jobId, out var entry) || entry.Ready.Number != number)
            return false;
        Take(entry);
        return true;
    }

    /// <summary>Takes out the first entry, in order, that a worker of this profile can do.</summary>
    public ReadyItem? Pop(ServiceProfile profile)
    {
        Bucket? best = null;
        ReadyOrder bestOrder = default;
        foreach (var bucket in Servable(profile))
        {
            if (!bucket.Excluded.Contains(profile.Worker) && Head(bucket) is { } head && (best is null || head < bestOrder))
                (best, bestOrder) = (bucket, head);
        }

        if (best is null)
            return null;
        var entry = best.Heap.Dequeue();
        Take(entry);
        return new(entry.Shard, entry.Ready, best.Signature);
    }

    /// <summary>Whether an entry of this signature is in.</summary>
    public bool Has(Signature signature) => _buckets.TryGetValue(signature.Hash, out var bucket) && bucket.Live > 0;

    /// <summary>Puts back what <see cref="Pop"/> took, unless something newer is in.</summary>
    public void PutBack(ReadyItem item) => Add(item.Shard, item.Ready, item.Signature);

    /// <summary>The place of a job among all entries, from 1; null: not in the view. Reads the whole view.</summary>
    public long? Position(string jobId)
    {
        if (!_entries.TryGetValue(jobId, out var entry))
            return null;
        var order = entry.Ready.Order;
        return 1 + _entries.Values.LongCount(e => e.Ready.Order < order);
    }

    /// <summary>Whether the view saw every number of a shard up to this one.</summary>
    public bool SawAll(int shard, long number) => _tracks[shard].Contiguous >= number;

    /// <summary>
    /// Makes the view equal to what a scan found: entries numbered up to <paramref name="lastNumber"/> (read before the scan) that
    /// it did not find are gone; later ones were hinted meanwhile and stay.
    /// </summary>
    /// <returns>Entries that came in.</returns>
    public IReadOnlyList<ReadyItem> Reconcile(int shard, long lastNumber, IReadOnlyDictionary<string, StoredReady> found, Func<long, Signature> signatureOf)
    {
        foreach (var entry in _entries.Values.Where(e => e.Shard == shard && e.Ready.Number <= lastNumber).ToList())
        {
            if (!found.TryGetValue(entry.Ready.JobId, out var stored) || stored.Number != entry.Ready.Number)
                Take(entry);
        }

        var added = new List<ReadyItem>();
        foreach (var ready in found.Values)
        {
            var signature = signatureOf(ready.Signature);
            if (Add(shard, ready, signature))
                added.Add(new(shard, ready, signature));
        }

        _tracks[shard].SawUpTo(lastNumber);
        return added;
    }

    private static ReadyOrder? Head(Bucket bucket)
    {
        while (bucket.Heap.TryPeek(out var entry, out var order))
        {
            if (entry.Live)
                return order;
            bucket.Heap.Dequeue();
        }

        return null;
    }

    private void Insert(Entry entry)
    {
        _entries[entry.Ready.JobId] = entry;
        entry.Bucket.Live++;
        entry.Bucket.Heap.Enqueue(entry, entry.Ready.Order);
    }

    private void Take(Entry entry)
    {
        entry.Live = false;
        entry.Bucket.Live--;
        _entries.Remove(entry.Ready.JobId);
        entry.Bucket.DropDead();
        // Exclusions make buckets of a few jobs that never come again.
        if (entry.Bucket is { Live: 0, Excluded.Count: > 0 } && _buckets.Remove(entry.Bucket.Signature.Hash))
            _servable.Clear();
    }

    private Bucket BucketOf(Signature signature)
    {
        var hash = signature.Hash;
        if (_buckets.TryGetValue(hash, out var bucket))
            return bucket;
        bucket = new(signature);
        _buckets.Add(hash, bucket);
        _servable.Clear();
        return bucket;
    }

    private List<Bucket> Servable(ServiceProfile profile)
    {
        if (_servable.TryGetValue(profile.Key, out var known))
            return known;
        List<Bucket> servable = [.. _buckets.Values.Where(b => profile.Serves(b.Signature))];
        _servable.Add(profile.Key, servable);
        return servable;
    }

    private sealed class Bucket(Signature signature)
    {
        public Signature Signature { get; } = signature;
        public IReadOnlyList<string> Excluded { get; } = signature.Excluded;
        public PriorityQueue<Entry, ReadyOrder> Heap { get; } = new();
        public int Live { get; set; }

        /// <summary>Below a head that nobody takes, what came and went would gather for ever.</summary>
        public void DropDead()
        {
            if (Live > 0 && Heap.Count <= (2 * Live) + DeadAllowed)
                return;
            var living = Heap.UnorderedItems.Where(i => i.Element.Live).ToList();
            Heap.Clear();
            Heap.EnqueueRange(living);
        }
    }

    private sealed class Entry(int shard, StoredReady ready, Bucket bucket)
    {
        public int Shard { get; } = shard;
        public StoredReady Ready { get; } = ready;
        public Bucket Bucket { get; } = bucket;
        public bool Live { get; set; } = true;
    }

    /// <summary>Which numbers of a shard were seen: all up to <see cref="Contiguous"/>, and some beyond.</summary>
    private sealed class NumberTrack
    {
        private readonly HashSet<long> _ahead = [];

        public long Contiguous { get; private set; }

        public void Saw(long number)
        {
            if (number > Contiguous)
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
            while (_ahead.Remove(Contiguous + 1))
                Contiguous++;
        }
    }
}

/// <summary>An entry taken from the view.</summary>
public readonly record struct ReadyItem(int Shard, StoredReady Ready, Signature Signature);
