using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// Tells the queues what came and went, after the write. One-way and batched: a lost hint loses nothing, since the view compares
/// itself with the store.
/// </summary>
public sealed class HintSender(IGrainFactory grains, StoreLanes lanes)
{
    private readonly Lock _lock = new();
    private Dictionary<string, List<ReadyHint>> _pending = new(StringComparer.Ordinal);
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
        else if (operation.RemoveReady && after is not { Status: Contracts.Jobs.JobStatus.Assigned } && result.ReadyNumber > 0)
        {
            // A grant was popped by its queue; only what left otherwise must be told.
            Add(before!.Queue, new(false, lanes.ShardOf(operation.JobId), operation.JobId, result.ReadyNumber, 0, 0, 0, "", ""));
        }
    }

    private void Add(string queue, ReadyHint hint)
    {
        if (Filter?.Invoke(queue, hint) == false)
            return;
        lock (_lock)
        {
            if (!_pending.TryGetValue(queue, out var list))
                _pending.Add(queue, list = []);
            list.Add(hint);
            if (_sending)
                return;
            _sending = true;
        }

        // Off the caller's turn, so that hints of one commit travel together.
        _ = Task.Run(Send);
    }

    private void Send()
    {
        Dictionary<string, List<ReadyHint>> batch;
        lock (_lock)
        {
            batch = _pending;
            _pending = new(StringComparer.Ordinal);
            _sending = false;
        }

        foreach (var (queue, hints) in batch)
            grains.Queue(queue).Hint(new Immutable<IReadOnlyList<ReadyHint>>(hints)).Ignore();
    }
}
