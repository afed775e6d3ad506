using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <inheritdoc cref="IPriorityQueueGrain"/>
[GrainType("jobgrid.queue")]
internal sealed partial class PriorityQueueGrain(
    IJobStore store, StoreLanes lanes, WorkerDirectory directory, QueuePolicies policies, LongPolls polls, TimeProvider time, ILogger<PriorityQueueGrain> logger)
    : Grain, IPriorityQueueGrain
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShardAgain = TimeSpan.FromMinutes(1);
    private const int ProfilesKept = 10_000;
    private static readonly TimeSpan SetAsideFor = TimeSpan.FromSeconds(2);

    private readonly ClaimWaiters _waiters = new();
    private readonly Dictionary<long, Signature> _signatures = [];
    private readonly Dictionary<int, long> _marksBefore = [];
    private readonly List<(ReadyItem Item, long Since)> _setAside = [];
    private Task _loaded = Task.CompletedTask;
    private readonly Dictionary<string, (ClaimRequest Last, WorkerCapabilities Declared, WorkerMatch Worker)> _profiles = new(StringComparer.Ordinal);
    private ReadyView _view = null!;
    private QueuePolicy _policy = QueuePolicy.Strict;
    private long _lastRoutineScan;
    private int _nextRoutineShard;
    private long _rescans;

    private string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _policy = policies.Of(Name);
        _view = new(store.ShardCount, _policy);
        _lastRoutineScan = time.GetTimestamp();
        _loaded = Load();
        this.RegisterGrainTimer(OnTick, new GrainTimerCreationOptions { DueTime = Tick, Period = Tick, Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task<ClaimAnswer> Claim(ClaimRequest request)
    {
        await _loaded;
        if (MatchOf(request) is not { } worker)
            return new([], NeedsCapabilities: true);
        var facts = DeviceTruth.Of(request.Facts);
        var deadline = time.GetTimestamp() + (long)(request.Wait.TotalSeconds * time.TimestampFrequency);
        ReadyItem? reserved = null;
        while (true)
        {
            var (answer, over) = await Start(request, worker, facts, reserved);
            if (over || answer.Grants.Count > 0 || time.GetTimestamp() >= deadline)
                return answer;
            // Something may have come in while the starts were awaited.
            reserved = _view.Pop(worker, facts, lanes.Clock.Now);
            if (reserved is not null)
                continue;
            var waiter = _waiters.Add(request.ClaimId, worker, facts, deadline);
            await polls.Wait(waiter.Wake.Task, time.GetElapsedTime(time.GetTimestamp(), deadline));
            if (!waiter.Wake.Task.IsCompleted)
                _waiters.End(w => ReferenceEquals(w, waiter));
            reserved = await waiter.Wake.Task;
            if (reserved is null)
                return ClaimAnswer.None;
        }
    }

    public Task Forget(Guid claimId)
    {
        _waiters.End(w => w.ClaimId == claimId);
        return Task.CompletedTask;
    }

    public Task Hint(Immutable<IReadOnlyList<ReadyHint>> hints)
    {
        foreach (var hint in hints.Value)
        {
            if (!hint.Enters)
            {
                _view.Remove(hint.JobId, hint.Number);
                continue;
            }

            var signature = new Signature(hint.Signature);
            var order = new ReadyOrder(hint.Priority, hint.Time, hint.Sequence);
            if (_view.Add(hint.Shard, new(hint.JobId, hint.Number, order, signature.Hash, hint.Customer), signature))
                Wake(signature);
        }

        return Task.CompletedTask;
    }

    public Task<QueueView> Describe() => Task.FromResult(new QueueView(Name, _view.Count, _waiters.Count, _view.Depths, _rescans));

    public Task<long?> Position(string jobId) => Task.FromResult(_view.Position(jobId));

    /// <summary>
    /// Starts up to the number asked for, refilling what was refused, until the view has no more for this worker; over: nothing can be
    /// granted to its session any more.
    /// </summary>
    private async Task<(ClaimAnswer Answer, bool Over)> Start(
        ClaimRequest request, WorkerMatch worker, ClaimFacts facts, ReadyItem? reserved)
    {
        var grants = new List<JobGrant>(request.Max);
        while (grants.Count < request.Max)
        {
            var items = new List<ReadyItem>(request.Max - grants.Count);
            if (reserved is { } first)
                items.Add(first);
            reserved = null;
            while (items.Count < request.Max - grants.Count && _view.Pop(worker, ref facts, lanes.Clock.Now) is { } item)
                items.Add(item);
            if (items.Count == 0)
                break;
            var starts = await Task.WhenAll(items.Select(i => Start(i, request)));
            grants.AddRange(starts.Select(s => s.Answer.Grant).OfType<JobGrant>());
            if (starts.FirstOrDefault(s => s.Fault is not null).Fault is { } fault)
            {
                // What was granted beside the fault must reach its worker.
                if (grants.Count == 0)
                    ExceptionDispatchInfo.Throw(fault);
                return (new(grants, Uncertain: true), false);
            }

            if (starts.Any(s => s.Answer.SessionEnded))
                return (new(grants), true);
        }

        return (new(grants), false);
    }

    /// <summary>A worker claims again and again with the very same lists, which a call within the silo does not copy. Null: its capabilities are not known here.</summary>
    private WorkerMatch? MatchOf(ClaimRequest request)
    {
        var known = _profiles.GetValueOrDefault(request.WorkerId);
        if (known.Worker is not null && known.Last.CapabilitiesKey == request.CapabilitiesKey && known.Last.Facts.TotalGpuMemoryMb == request.Facts.TotalGpuMemoryMb
            && Same(known.Last.Services, request.Services) && Same(known.Last.Instances, request.Instances))
        {
            return known.Worker;
        }

        var declared = request.CapabilitiesKey.Length == 0 ? WorkerCapabilities.None
            : request.Capabilities is { } text ? WorkerCapabilities.Parse(text)
            : known.Last?.CapabilitiesKey == request.CapabilitiesKey ? known.Declared
            : null;
        if (declared is null)
            return null;
        if (_profiles.Count >= ProfilesKept)
            _profiles.Clear();
        var worker = new WorkerMatch(DeviceTruth.Of(declared, request.Facts.TotalGpuMemoryMb), request.Services, request.Instances, request.WorkerId);
        _profiles[request.WorkerId] = (request, declared, worker);
        return worker;
    }

    private static bool Same(IReadOnlyList<string> a, IReadOnlyList<string> b) => ReferenceEquals(a, b) || a.SequenceEqual(b, StringComparer.Ordinal);

    /// <summary>A job that is not to be had leaves the view; a fault, or a session that is over, puts its entry back for others.</summary>
    private async Task<(StartAnswer Answer, Exception? Fault)> Start(ReadyItem item, ClaimRequest request)
    {
        try
        {
            // The job's grain comes up beside its worker, where its reports come from; this method's own context ends with it.
            if (request.Home is { } home && !home.Equals(GrainContext.Address.SiloAddress))
                RequestContext.Set(IPlacementDirector.PlacementHintKey, home);
            var answer = await GrainFactory.Job(item.Ready.JobId).TryStart(new(request.WorkerId, request.SessionId));
            if (answer.Grant is { } grant)
                return (answer with { Grant = Granted(item, grant) }, null);
            Release(item);
            if (answer.SessionEnded)
                PutBack(item);
            return (answer, null);
        }
        catch (StoreUnavailableException e)
        {
            logger.StartFailed(Name, item.Ready.JobId, e);
            Release(item);
            PutBack(item);
            return (default, e);
        }
        catch (Exception e)
        {
            // It may be the job itself, such as a record that cannot be read: it must not stand before all others for ever.
            logger.StartFailed(Name, item.Ready.JobId, e);
            Release(item);
            _setAside.Add((item, time.GetTimestamp()));
            return (default, e);
        }
    }

    private void PutBack(ReadyItem item)
    {
        _view.PutBack(item);
        Wake(item.Signature);
    }

    /// <summary>
    /// Wakes claims while there is work of this signature: each takes the first entry in order that its worker can do, which is not
    /// necessarily the one that came.
    /// </summary>
    private void Wake(Signature signature)
    {
        var clock = lanes.Clock.Now;
        while (_view.Has(signature))
        {
            var waiter = _policy.Affinity
                ? _waiters.TakeBest(Serves, CanTake, w => _view.Suitability(signature, w.Facts))
                : _waiters.TakeBest<int>(Serves, CanTake, null);
            if (waiter is null)
                return;
            waiter.Wake.SetResult(_view.Pop(waiter.Worker, waiter.Facts, clock));
        }

        bool Serves(WorkerMatch worker) => _view.Serves(signature, worker);

        bool CanTake(ClaimWaiter waiter) => _view.CanTake(signature, waiter.Worker, waiter.Facts, clock);
    }

    private async Task Load()
    {
        await LoadState();
        foreach (var mark in await store.ReadReadyMarksAsync(CancellationToken.None))
        {
            if (mark.Queue == Name)
                await Rescan(mark);
        }
    }

    private async Task OnTick()
    {
        var now = time.GetTimestamp();
        _waiters.End(w => w.Deadline <= now);
        foreach (var aside in _setAside.FindAll(a => time.GetElapsedTime(a.Since, now) >= SetAsideFor))
        {
            _setAside.Remove(aside);
            PutBack(aside.Item);
        }

        if (!_loaded.IsCompleted)
            return;
        try
        {
            if (!_loaded.IsCompletedSuccessfully)
                await (_loaded = Load());
            await Compare();
            await Keep();
        }
        catch (JobStoreException e)
        {
            logger.CompareFailed(Name, e);
        }
    }

    /// <summary>A number that was given half a second ago and is not known by now was hinted in vain.</summary>
    private async Task Compare()
    {
        var routine = time.GetElapsedTime(_lastRoutineScan) >= ShardAgain;
        foreach (var mark in await store.ReadReadyMarksAsync(CancellationToken.None))
        {
            if (mark.Queue != Name)
                continue;
            var lagging = !_view.SawAll(mark.Shard, _marksBefore.GetValueOrDefault(mark.Shard));
            _marksBefore[mark.Shard] = mark.LastNumber;
            if (lagging || (routine && mark.Shard == _nextRoutineShard))
                await Rescan(mark);
        }

        if (routine)
        {
            _lastRoutineScan = time.GetTimestamp();
            _nextRoutineShard = (_nextRoutineShard + 1) % store.ShardCount;
        }
    }

    private async Task Rescan(ReadyMark mark)
    {
        var found = new Dictionary<string, StoredReady>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await store.ReadReadyAsync(mark.Shard, Name, cursor, CancellationToken.None);
            foreach (var ready in page.Entries)
                found[ready.JobId] = ready;
            cursor = page.Next;
        }
        while (cursor is not null);

        if (found.Values.Any(r => !_signatures.ContainsKey(r.Signature)))
        {
            foreach (var (hash, text) in await store.ReadSignaturesAsync(mark.Shard, CancellationToken.None))
                _signatures[hash] = new(text);
        }

        var added = _view.Reconcile(mark.Shard, mark.LastNumber, found, hash => _signatures[hash]);
        _rescans++;
        if (added.Count > 0)
            logger.ShardRescanned(Name, mark.Shard, added.Count);
        foreach (var item in added)
            Wake(item.Signature);
    }
}
