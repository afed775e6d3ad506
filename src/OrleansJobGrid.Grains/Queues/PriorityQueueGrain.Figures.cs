using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>What was granted and ended, what was learned of it, whether the queue is paused, and what it tells of its waits.</summary>
internal sealed partial class PriorityQueueGrain
{
    private const long DayMs = 86_400_000;
    private const int CheckedAtATime = 500;
    private static readonly TimeSpan CheckAfter = TimeSpan.FromMinutes(1);

    private InFlightJobs _inFlight = null!;
    private long _stateVersion;
    private long _stateWrittenAt;
    private bool _stateChanged;
    private long _day;
    private QueuePause? _pause;
    private long _pauseAsked;
    private long _pauseRead;

    public Task Ended(Immutable<IReadOnlyList<EndedHint>> hints)
    {
        var freed = false;
        foreach (var hint in hints.Value)
            freed |= Ended(hint);
        if (freed)
            WakeAll();
        return Task.CompletedTask;
    }

    public Task<long> Queued(string customer) => Task.FromResult(_view.Waiting(customer));

    public async Task<QueueWait?> Wait(string jobId)
    {
        var workers = (await directory.Live()).Where(w => w.ClaimsFrom(Name, _policy.Labels));
        var wait = _view.Wait(jobId, [.. workers.Select(w => w.Match)], _waiters.All.Select(w => (w.Worker, w.Facts)), lanes.Clock.Now);
        return wait is null ? null : wait with { Pause = _pause };
    }

    public Task<IReadOnlyList<BucketDemand>> Demand() =>
        Task.FromResult<IReadOnlyList<BucketDemand>>([.. _view.Demand().Select(d => d with { Queue = Name, QueueLabels = _policy.Labels, Paused = _pause is not null })]);

    public Task PauseChanged() => ReadPause();

    /// <summary>Of two readings at a time the one that was begun later counts.</summary>
    private async Task ReadPause()
    {
        var asked = ++_pauseAsked;
        var pause = (await pauses.All()).GetValueOrDefault(Name);
        if (asked < _pauseRead)
            return;
        _pauseRead = asked;
        var before = _pause;
        _pause = pause;
        if (pause is not null && before is null)
            logger.Paused(Name, pause.Reason);
        if (pause is not null || before is null)
            return;
        logger.Resumed(Name);
        WakeAll();
    }

    private void Release(ReadyItem item)
    {
        if (_view.Release(item))
            WakeAll();
    }

    private bool Ended(EndedHint hint)
    {
        if (hint.RunMs > 0)
        {
            _view.Learn(new(hint.Signature), hint.Kind, hint.RunMs / 1000.0, hint.GpuMemoryMb, lanes.Clock.Now);
            _stateChanged = true;
        }

        // Where it ended before the word of its start came, that says nothing new then.
        return _inFlight.Ended(hint.JobId, hint.Epoch, hint.RunMs / 1000.0)
            ?? (_reserved.Take(hint.JobId) is { Item: var item } && _view.Ended(item.Ready.Customer, item.Charge, hint.RunMs / 1000.0));
    }

    /// <summary>Jobs of customers that were held may go: every requirement has its claims looked at once.</summary>
    private void WakeAll()
    {
        foreach (var signature in _view.Signatures)
            Wake(signature);
    }

    private async Task LoadState()
    {
        var stored = (await store.ReadDocumentsAsync(QueueState.Collection, CancellationToken.None)).FirstOrDefault(d => d.Key == Name);
        _day = lanes.Clock.Now / DayMs;
        if (stored is not null)
        {
            var state = QueueState.Read(stored.Body);
            _stateVersion = stored.Version;
            _view.Restore(state.Learned);
            _view.SetUsed(state.Day == _day ? state.Used : new Dictionary<string, double>());
        }

        if (_policy.TellsCustomersApart)
            await LoadInFlight();
    }

    /// <summary>Limits count what runs already.</summary>
    private async Task LoadInFlight()
    {
        foreach (var status in (JobStatus[])[JobStatus.Assigned, JobStatus.InProgress, JobStatus.Reconciling])
        {
            for (var shard = 0; shard < store.ShardCount; shard++)
            {
                IndexPosition? after = null;
                IndexPage page;
                do
                {
                    page = await store.ReadIndexAsync(shard, JobIndexes.Status(status), after, false, StoreLimits.ReadPage, CancellationToken.None);
                    foreach (var entry in page.Entries)
                    {
                        if (await lanes.Read(entry.JobId) is { } stored && JobRecordFormat.Read(entry.JobId, stored.Record) is var job && job.Queue == Name)
                        {
                            _inFlight.Found(entry.JobId, new(job.Epoch, job.CustomerId ?? "", _view.CostSeconds(Signature.Of(job)), page.Clock));
                        }
                    }

                    after = page.Entries.Count == 0 ? null : page.Entries[^1];
                }
                while (page.Entries.Count == StoreLimits.ReadPage);
            }
        }
    }

    /// <summary>Begins a new day of the budgets, looks for ends that were never told, and writes what is worth keeping.</summary>
    private async Task Keep()
    {
        var clock = lanes.Clock.Now;
        if (clock / DayMs != _day)
        {
            _day = clock / DayMs;
            _stateChanged = true;
            if (_view.SetUsed(new Dictionary<string, double>()))
                WakeAll();
        }

        await CheckInFlight(clock);
        if (_stateChanged && clock - _stateWrittenAt >= (long)QueueState.WriteEvery.TotalMilliseconds)
            await WriteState(clock);
    }

    private async Task CheckInFlight(long clock)
    {
        var freed = false;
        foreach (var looked in _inFlight.LookedAtBefore(clock - (long)CheckAfter.TotalMilliseconds, CheckedAtATime))
        {
            var record = await lanes.Read(looked.Key) is { } stored ? JobRecordFormat.Read(looked.Key, stored.Record) : null;
            freed |= _inFlight.LookedAt(looked, record?.Status is JobStatus.Assigned or JobStatus.InProgress or JobStatus.Reconciling, clock);
        }

        if (freed)
            WakeAll();
    }

    /// <summary>Two activations for a moment write in turns; each keeps what it knows, and the next one reads it.</summary>
    private async Task WriteState(long clock)
    {
        _stateWrittenAt = clock;
        _stateChanged = false;
        var answer = await store.WriteDocumentAsync(QueueState.Collection, Name, _stateVersion, QueueState.Of(_day, _view, _inFlight).Write(), CancellationToken.None);
        _stateVersion = answer.Version;
        _stateChanged = !answer.Written;
    }
}
