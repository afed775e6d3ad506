using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
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
    IJobStore store, StoreLanes lanes, WorkerDirectory directory, QueuePolicies policies, QueuePauses pauses, LongPolls polls, TimeProvider time,
    ILogger<PriorityQueueGrain> logger)
    : Grain, IPriorityQueueGrain
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShardAgain = TimeSpan.FromMinutes(1);
    private const int ProfilesKept = 10_000;
    private static readonly TimeSpan SetAsideFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(10);

    private readonly ClaimWaiters _waiters = new();
    private readonly Reservations _reserved = new();
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
        _inFlight = new(_view);
        _lastRoutineScan = time.GetTimestamp();
        _loaded = Load();
        this.RegisterGrainTimer(OnTick, new GrainTimerCreationOptions { DueTime = Tick, Period = Tick, Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task<ReservedJobs> Reserve(ClaimRequest request)
    {
        await _loaded;
        if (MatchOf(request) is not { } worker)
            return new([], NeedsCapabilities: true);
        var facts = DeviceTruth.Of(request.Facts);
        var deadline = time.GetTimestamp() + (long)(request.Wait.TotalSeconds * time.TimestampFrequency);
        ReadyItem? woken = null;
        while (true)
        {
            var reserved = Take(worker, facts, request.Max, woken);
            if (reserved.Jobs.Count > 0 || time.GetTimestamp() >= deadline)
                return reserved;
            var waiter = _waiters.Add(request.ClaimId, worker, facts, deadline);
            await polls.Wait(waiter.Wake.Task, time.GetElapsedTime(time.GetTimestamp(), deadline));
            if (!waiter.Wake.Task.IsCompleted)
                _waiters.End(w => ReferenceEquals(w, waiter));
            woken = await waiter.Wake.Task;
            if (woken is null)
                return ReservedJobs.None;
        }
    }

    public async Task<IReadOnlyList<ReservedJobs>> ReserveNow(Immutable<IReadOnlyList<ClaimRequest>> claims)
    {
        await _loaded;
        return [.. claims.Value.Select(ReserveNow)];
    }

    private ReservedJobs ReserveNow(ClaimRequest claim)
    {
        try
        {
            return MatchOf(claim) is { } worker ? Take(worker, DeviceTruth.Of(claim.Facts), claim.Max, null) : new([], NeedsCapabilities: true);
        }
        catch (Exception e)
        {
            // It is of one worker, and those beside it are other workers'.
            logger.ClaimFailed(Name, claim.WorkerId, e);
            return ReservedJobs.None with { Fault = $"Queue '{Name}' could not answer the claim of worker '{claim.WorkerId}': {e.GetType().Name}: {e.Message}" };
        }
    }

    public Task Settle(Immutable<IReadOnlyList<Settlement>> settlements)
    {
        foreach (var settled in settlements.Value)
        {
            if (_reserved.Take(settled.JobId, settled.Reservation) is { } reservation)
                Settle(reservation.Item, settled.Outcome, settled.Epoch);
        }

        return Task.CompletedTask;
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

    /// <summary>Takes up to so many jobs out of the view, after the one that the claim was woken with.</summary>
    private ReservedJobs Take(WorkerMatch worker, ClaimFacts facts, int most, ReadyItem? woken)
    {
        if (_pause is not null)
        {
            // It was paused between the waking and now.
            if (woken is { } back)
                GiveBack(back);
            return ReservedJobs.None;
        }

        List<ReservedJob> jobs = [];
        if (woken is { } first)
            Reserve(first);
        while (jobs.Count < most && _view.Pop(worker, ref facts, lanes.Clock.Now) is { } item)
            Reserve(item);
        return jobs.Count > 0 ? new(jobs) : ReservedJobs.None;

        void Reserve(ReadyItem item)
        {
            if (_reserved.Add(item, time.GetTimestamp()) is { } reservation)
                jobs.Add(new(item.Ready.JobId, reservation.Id, _view.NeededMb(item.Signature, lanes.Clock.Now)));
            else
                Release(item);
        }
    }

    private void Settle(ReadyItem item, StartOutcome outcome, long epoch)
    {
        if (outcome == StartOutcome.Granted)
        {
            if (_inFlight.Granted(item.Ready.JobId, new(epoch, item.Ready.Customer, item.Charge, lanes.Clock.Now)))
                WakeAll();
            return;
        }

        if (outcome == StartOutcome.Again)
        {
            GiveBack(item);
            return;
        }

        Release(item);
        if (outcome == StartOutcome.Faulted)
            _setAside.Add((item, time.GetTimestamp()));
    }

    private void GiveBack(ReadyItem item)
    {
        Release(item);
        PutBack(item);
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
        if (_pause is not null)
            return;
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
        // Before all else: nothing is given out before it is known that it may be.
        await ReadPause();
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

        foreach (var unsettled in _reserved.TakeUntil(now - (long)(SettledWithin.TotalSeconds * time.TimestampFrequency)))
        {
            logger.NotSettled(Name, unsettled.Item.Ready.JobId);
            Settle(unsettled.Item, StartOutcome.Again, 0);
        }

        if (!_loaded.IsCompleted)
            return;
        try
        {
            if (!_loaded.IsCompletedSuccessfully)
                await (_loaded = Load());
            await ReadPause();
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
