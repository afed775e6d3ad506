using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Dashboard;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <inheritdoc cref="IPriorityQueueGrain"/>
[NoProfiling, GrainType("jobgrid.queue")]
internal sealed class PriorityQueueGrain(IJobStore store, LongPolls polls, TimeProvider time, ILogger<PriorityQueueGrain> logger) : Grain, IPriorityQueueGrain
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ShardAgain = TimeSpan.FromMinutes(1);
    private const int ProfilesKept = 10_000;
    private static readonly TimeSpan SetAsideFor = TimeSpan.FromSeconds(2);

    private readonly ReadyView _view = new(store.ShardCount);
    private readonly ClaimWaiters _waiters = new();
    private readonly Dictionary<long, Signature> _signatures = [];
    private readonly Dictionary<int, long> _marksBefore = [];
    private readonly List<(ReadyItem Item, long Since)> _setAside = [];
    private Task _loaded = Task.CompletedTask;
    private readonly Dictionary<string, (ClaimRequest Last, ServiceProfile Profile)> _profiles = new(StringComparer.Ordinal);
    private long _lastRoutineScan;
    private int _nextRoutineShard;
    private long _rescans;

    private string Name => this.GetPrimaryKeyString();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _lastRoutineScan = time.GetTimestamp();
        _loaded = Load();
        this.RegisterGrainTimer(OnTick, new GrainTimerCreationOptions { DueTime = Tick, Period = Tick, Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    public async Task<ClaimAnswer> Claim(ClaimRequest request)
    {
        await _loaded;
        var profile = ProfileOf(request);
        var deadline = time.GetTimestamp() + (long)(request.Wait.TotalSeconds * time.TimestampFrequency);
        ReadyItem? reserved = null;
        while (true)
        {
            var (answer, over) = await Start(request, profile, reserved);
            if (over || answer.Grants.Count > 0 || time.GetTimestamp() >= deadline)
                return answer;
            // Something may have come in while the starts were awaited.
            reserved = _view.Pop(profile);
            if (reserved is not null)
                continue;
            var waiter = _waiters.Add(request.ClaimId, profile, deadline);
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

    public Task Ended(Immutable<IReadOnlyList<EndedHint>> hints) => Task.CompletedTask;

    public Task<long> Queued(string customer) => throw new NotSupportedException();

    public Task<QueueWait?> Wait(string jobId) => throw new NotSupportedException();

    public Task<IReadOnlyList<BucketDemand>> Demand() => throw new NotSupportedException();

    public Task<QueueView> Describe() => Task.FromResult(new QueueView(Name, _view.Count, _waiters.Count, _view.Depths, _rescans));

    public Task<long?> Position(string jobId) => Task.FromResult(_view.Position(jobId));

    /// <summary>
    /// Starts up to the number asked for, refilling what was refused, until the view has no more for this worker; over: nothing can be
    /// granted to its session any more.
    /// </summary>
    private async Task<(ClaimAnswer Answer, bool Over)> Start(ClaimRequest request, ServiceProfile profile, ReadyItem? reserved)
    {
        var grants = new List<JobGrant>(request.Max);
        while (grants.Count < request.Max)
        {
            var items = new List<ReadyItem>(request.Max - grants.Count);
            if (reserved is { } first)
                items.Add(first);
            reserved = null;
            while (items.Count < request.Max - grants.Count && _view.Pop(profile) is { } item)
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

    /// <summary>A worker claims again and again with the very same lists, which a call within the silo does not copy.</summary>
    private ServiceProfile ProfileOf(ClaimRequest request)
    {
        if (_profiles.TryGetValue(request.WorkerId, out var known)
            && ReferenceEquals(known.Last.Services, request.Services) && ReferenceEquals(known.Last.Instances, request.Instances))
        {
            return known.Profile;
        }

        if (_profiles.Count >= ProfilesKept)
            _profiles.Clear();
        var profile = new ServiceProfile(request.Services, request.WorkerId, request.Instances);
        _profiles[request.WorkerId] = (request, profile);
        return profile;
    }

    /// <summary>A job that is not to be had leaves the view; a fault, or a session that is over, puts its entry back for others.</summary>
    private async Task<(StartAnswer Answer, Exception? Fault)> Start(ReadyItem item, ClaimRequest request)
    {
        try
        {
            var answer = await GrainFactory.Job(item.Ready.JobId).TryStart(new(request.WorkerId, request.SessionId));
            if (answer.SessionEnded)
                PutBack(item);
            return (answer, null);
        }
        catch (StoreUnavailableException e)
        {
            logger.StartFailed(Name, item.Ready.JobId, e);
            PutBack(item);
            return (default, e);
        }
        catch (Exception e)
        {
            // It may be the job itself, such as a record that cannot be read: it must not stand before all others for ever.
            logger.StartFailed(Name, item.Ready.JobId, e);
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
        while (_view.Has(signature) && _waiters.TakeFor(signature) is var (waiter, profile))
            waiter.Wake.SetResult(_view.Pop(profile));
    }

    private async Task Load()
    {
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
