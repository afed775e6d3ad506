using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

/// <summary>What happens to a queue: a number picks the event, two more its details.</summary>
internal readonly record struct QueueEvent(int Kind, int A, int B);

/// <summary>
/// A store's ready entries, the hints about them on an unreliable way, scans that take their time, and the view beside its model.
/// After each event both must show the same, and the view must not have forgotten a job that it claims to have seen.
/// </summary>
internal sealed class QueueWorld
{
    private const int Shards = 2;
    private static readonly string[] Services = ["a", "b", "c"];
    private static readonly WorkerMatch[] Workers = [Offering("a"), Offering("b"), Offering("a", "b"), Offering("c", "x"), Offering(), Offering("c", "b", "a")];
    private static readonly Dictionary<long, Signature> Signatures = Services.Select(s => new Signature("service=" + s)).ToDictionary(s => s.Hash);

    private readonly ReadyView _view = new(Shards);
    private readonly ReadyModel _model = new();
    private readonly Dictionary<string, ReadyItem> _stored = [];
    private readonly Dictionary<string, ReadyItem> _running = [];
    private readonly List<ReadyItem> _popped = [];
    private readonly List<(bool Enters, ReadyItem Item)> _hints = [];
    private readonly long[] _last = new long[Shards];
    private Scan? _scan;
    private int _jobs;

    private sealed record Scan(int Shard, long LastNumber, Dictionary<string, StoredReady> Found);

    public void Happen(QueueEvent e)
    {
        switch (e.Kind % 12)
        {
            case 0 or 1:
                Submit(e.A, e.B);
                break;
            case 2 or 3 when _hints.Count > 0:
                Deliver(e.A % _hints.Count, again: e.B % 4 == 0);
                break;
            case 4 when _hints.Count > 0:
                _hints.RemoveAt(e.A % _hints.Count);
                break;
            case 5 when _stored.Count > 0:
                Cancel(_stored.Keys.Order().ElementAt(e.A % _stored.Count));
                break;
            case 6 or 7:
                Pop(Workers[e.A % Workers.Length]);
                break;
            case 8 when _popped.Count > 0:
                Start(e.A % _popped.Count, fails: e.B % 3 == 0);
                break;
            case 9 when _running.Count > 0:
                ComeBack(_running.Keys.Order().ElementAt(e.A % _running.Count));
                break;
            case 10:
                BeginScan(e.A % Shards);
                break;
            case 11:
                EndScan();
                break;
        }

        Compare();
    }

    /// <summary>Every hint is lost; one scan a shard must do, and then the store's own order comes out.</summary>
    public void ScanAndDrain()
    {
        _hints.Clear();
        EndScan();
        for (var shard = 0; shard < Shards; shard++)
        {
            BeginScan(shard);
            EndScan();
            Assert.True(_view.SawAll(shard, _last[shard]));
        }

        Assert.Equal(_stored.Values.OrderBy(i => i.Ready.Order), _model.Entries.OrderBy(i => i.Ready.Order));
        Compare();
        foreach (var expected in _stored.Values.OrderBy(i => i.Ready.Order))
            Assert.Equal(expected, Popped(Workers[^1]));
        Assert.Null(Popped(Workers[^1]));
        Assert.Equal(0, _view.Count);
    }

    private void Submit(int a, int b)
    {
        var signature = new Signature("service=" + Services[b % Services.Length]);
        var order = new ReadyOrder(a % 4, a / 4 % 3, ++_jobs);
        Enter(a % Shards, $"job-{_jobs}", order, signature);
    }

    private void Enter(int shard, string jobId, ReadyOrder order, Signature signature)
    {
        var item = new ReadyItem(shard, new(jobId, ++_last[shard], order, signature.Hash, ""), signature);
        _stored[jobId] = item;
        _hints.Add((true, item));
    }

    private void Cancel(string jobId)
    {
        Assert.True(_stored.Remove(jobId, out var item));
        _hints.Add((false, item));
    }

    private void Deliver(int index, bool again)
    {
        var (enters, item) = _hints[index];
        if (!again)
            _hints.RemoveAt(index);
        if (enters)
        {
            var comes = !_model.Entries.Any(i => i.Ready.JobId == item.Ready.JobId && i.Ready.Number >= item.Ready.Number);
            Assert.Equal(comes, _view.Add(item.Shard, item.Ready, item.Signature));
            _model.Add(item);
        }
        else
        {
            Assert.Equal(_model.Holds(item.Ready.JobId, item.Ready.Number), _view.Remove(item.Ready.JobId, item.Ready.Number));
            _model.Remove(item.Ready.JobId, item.Ready.Number);
        }
    }

    private static WorkerMatch Offering(params string[] services) => new(WorkerCapabilities.None, services);

    /// <summary>What the view gives, without the charge that is not this world's matter.</summary>
    private ReadyItem? Popped(WorkerMatch worker)
    {
        if (_view.Pop(worker, ClaimFacts.None, 0) is not { } item)
            return null;
        _view.Release(item);
        return item with { Charge = 0 };
    }

    private void Pop(WorkerMatch worker)
    {
        var expected = _model.First(worker);
        Assert.Equal(expected, Popped(worker));
        if (expected is not { } item)
            return;
        _model.Remove(item.Ready.JobId, item.Ready.Number);
        _popped.Add(item);
    }

    /// <summary>The job decides: granted if it is ready, whichever of its entries was popped; a fault puts the entry back.</summary>
    private void Start(int index, bool fails)
    {
        var item = _popped[index];
        _popped.RemoveAt(index);
        if (fails)
        {
            _view.PutBack(item);
            _model.Add(item);
        }
        else if (_stored.Remove(item.Ready.JobId, out var granted))
        {
            _running[item.Ready.JobId] = granted;
        }
    }

    /// <summary>A rescue or a retry: a new number, the old place.</summary>
    private void ComeBack(string jobId)
    {
        Assert.True(_running.Remove(jobId, out var item));
        Enter(item.Shard, jobId, item.Ready.Order, item.Signature);
    }

    /// <summary>Reads the mark and the first half of the entries; the rest at the end, when other things have happened.</summary>
    private void BeginScan(int shard) => _scan ??= new(shard, _last[shard], Read(shard, firstHalf: true));

    private void EndScan()
    {
        if (_scan is not { } scan)
            return;
        _scan = null;
        foreach (var (id, ready) in Read(scan.Shard, firstHalf: false))
            scan.Found[id] = ready;
        var known = _model.Entries.Select(i => (i.Ready.JobId, i.Ready.Number)).ToHashSet();
        _model.Reconcile(scan.Shard, scan.LastNumber, scan.Found, hash => Signatures[hash]);
        var added = _view.Reconcile(scan.Shard, scan.LastNumber, scan.Found, hash => Signatures[hash]);
        Assert.Equal(
            _model.Entries.Where(i => !known.Contains((i.Ready.JobId, i.Ready.Number))).OrderBy(i => i.Ready.Order),
            added.OrderBy(i => i.Ready.Order));
    }

    private Dictionary<string, StoredReady> Read(int shard, bool firstHalf) => _stored.Values
        .Where(i => i.Shard == shard && i.Ready.Order.Sequence % 2 == 0 == firstHalf)
        .ToDictionary(i => i.Ready.JobId, i => i.Ready);

    private void Compare()
    {
        Assert.Equal(_model.Entries.Count, _view.Count);
        Assert.Equal(_model.Entries.GroupBy(i => i.Signature.Text).ToDictionary(g => g.Key, g => g.LongCount()), _view.Depths);
        Assert.Equal(_view.Depths.Keys.Order(), _view.Signatures.Select(s => s.Text).Order());
        for (var job = 1; job <= _jobs; job++)
            Assert.Equal(_model.Position($"job-{job}"), _view.Position($"job-{job}"));
        foreach (var signature in Signatures.Values)
            Assert.Equal(_model.Entries.Any(i => i.Signature == signature), _view.Has(signature));
        for (var shard = 0; shard < Shards; shard++)
        {
            for (var number = 0L; number <= _last[shard] + 1; number++)
                Assert.Equal(_model.SawAll(shard, number), _view.SawAll(shard, number));
        }

        // A stored entry whose number was seen is in the view, or was just taken from it.
        foreach (var item in _stored.Values.Where(i => _view.SawAll(i.Shard, i.Ready.Number)))
            Assert.True(_model.Holds(item.Ready.JobId, item.Ready.Number) || _popped.Contains(item), $"{item} was forgotten");
    }
}
