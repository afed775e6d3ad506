using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// Tells the queues what came and went, after the write, and what became of reserved jobs. One-way and batched: a lost hint loses nothing, since the view compares
/// itself with the store.
/// </summary>
public sealed class HintSender(IGrainFactory grains, StoreLanes lanes)
{
    private readonly Lock _lock = new();
    private Dictionary<string, List<ReadyHint>> _pending = new(StringComparer.Ordinal);
    private Dictionary<string, List<EndedHint>> _ended = new(StringComparer.Ordinal);
    private Dictionary<string, List<Settlement>> _settled = new(StringComparer.Ordinal);
    private bool _sending;

    /// <summary>Called with every hint; a test drops some by answering false.</summary>
    internal Func<string, ReadyHint, bool>? Filter { get; set; }

    /// <summary>Tells what an applied operation did to the ready index, if anything.</summary>
    public void Tell(JobRecord? before, JobRecord? after, JobOperation operation, OperationResult result)
    {
        if (operation.AddReady is { } entry)
        {
            Add(entry.Queue, new(
                true, lanes.ShardOf(operation.JobId), operation.JobId, result.ReadyNumber,
                entry.Order.Priority, entry.Order.Time, entry.Order.Sequence, entry.SignatureText, entry.Customer));
        }
        else if (operation.RemoveReady && after is not { Status: JobStatus.Assigned } && result.ReadyNumber > 0)
        {
            // A grant was popped by its queue; only what left otherwise must be told.
            Add(before!.Queue, new(false, lanes.ShardOf(operation.JobId), operation.JobId, result.ReadyNumber, 0, 0, 0, "", ""));
        }
    }

    /// <summary>Tells the queue that a job which it granted is held no more, if that is what the change did.</summary>
    public void TellEnd(string jobId, JobChange change)
    {
        if (change.Before is { } before && IsHeld(before) && !IsHeld(change.After))
            Add(static s => s._ended, before.Queue, change.EndedHint(jobId));
    }

    /// <summary>Tells the queue what became of a job that it reserved.</summary>
    public void Settle(string queue, Settlement settlement) => Add(static s => s._settled, queue, settlement);

    private static bool IsHeld(JobRecord? job) => job is not null && (job.Status.IsGranted() || job.Status == JobStatus.Reconciling);

    private void Add(string queue, ReadyHint hint)
    {
        if (Filter?.Invoke(queue, hint) != false)
            Add(static s => s._pending, queue, hint);
    }

    private void Add<T>(Func<HintSender, Dictionary<string, List<T>>> to, string queue, T hint)
    {
        lock (_lock)
        {
            // Asked inside the lock, since sending puts others in their place.
            var pending = to(this);
            if (!pending.TryGetValue(queue, out var list))
                pending.Add(queue, list = []);
            list.Add(hint);
            if (_sending)
                return;
            _sending = true;
        }

        // Off the caller's turn, and behind what waits to run: under load the hints of many writes travel together, else it is at once.
        _ = Task.Factory.StartNew(Send, CancellationToken.None, TaskCreationOptions.DenyChildAttach | TaskCreationOptions.PreferFairness, TaskScheduler.Default);
    }

    private void Send()
    {
        Dictionary<string, List<ReadyHint>> batch;
        Dictionary<string, List<EndedHint>> ended;
        Dictionary<string, List<Settlement>> settled;
        lock (_lock)
        {
            (batch, ended, settled) = (_pending, _ended, _settled);
            (_pending, _ended, _settled) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal), new(StringComparer.Ordinal));
            _sending = false;
        }

        // Starts before ends, and both first: what they free is there when the new entries look for workers.
        foreach (var (queue, settlements) in settled)
            grains.Queue(queue).Settle(new Immutable<IReadOnlyList<Settlement>>(settlements)).Ignore();
        foreach (var (queue, hints) in ended)
            grains.Queue(queue).Ended(new Immutable<IReadOnlyList<EndedHint>>(hints)).Ignore();
        foreach (var (queue, hints) in batch)
            grains.Queue(queue).Hint(new Immutable<IReadOnlyList<ReadyHint>>(hints)).Ignore();
    }
}
