using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>What a <see cref="ReadyView"/> must do, as one sorted list.</summary>
internal sealed class ReadyModel
{
    private readonly Dictionary<string, ReadyItem> _entries = [];
    private readonly Dictionary<int, HashSet<long>> _seen = [];

    public IReadOnlyCollection<ReadyItem> Entries => _entries.Values;

    public void Add(ReadyItem item)
    {
        SeenOf(item.Shard).Add(item.Ready.Number);
        if (!_entries.TryGetValue(item.Ready.JobId, out var known) || known.Ready.Number < item.Ready.Number)
            _entries[item.Ready.JobId] = item;
    }

    public void Remove(string jobId, long number)
    {
        if (Holds(jobId, number))
            _entries.Remove(jobId);
    }

    public bool Holds(string jobId, long number) => _entries.TryGetValue(jobId, out var known) && known.Ready.Number == number;

    public ReadyItem? First(WorkerMatch worker) =>
        _entries.Values.Where(i => worker.Offers(i.Signature.Service)).OrderBy(i => i.Ready.Order).Cast<ReadyItem?>().FirstOrDefault();

    public void Reconcile(int shard, long lastNumber, IReadOnlyDictionary<string, StoredReady> found, Func<long, Signature> signatureOf)
    {
        foreach (var (id, item) in _entries.Where(e => e.Value.Shard == shard && e.Value.Ready.Number <= lastNumber).ToList())
        {
            if (!found.TryGetValue(id, out var stored) || stored.Number != item.Ready.Number)
                _entries.Remove(id);
        }

        foreach (var ready in found.Values)
            Add(new(shard, ready, signatureOf(ready.Signature)));
        for (var number = 1L; number <= lastNumber; number++)
            SeenOf(shard).Add(number);
    }

    public long? Position(string jobId) =>
        _entries.TryGetValue(jobId, out var item) ? _entries.Values.OrderBy(i => i.Ready.Order).ToList().IndexOf(item) + 1 : null;

    public bool SawAll(int shard, long number)
    {
        for (var n = 1L; n <= number; n++)
        {
            if (!SeenOf(shard).Contains(n))
                return false;
        }

        return true;
    }

    private HashSet<long> SeenOf(int shard) => _seen.TryGetValue(shard, out var seen) ? seen : _seen[shard] = [];
}
