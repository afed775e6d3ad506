using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Claims that wait, by profile and in the order of their coming.</summary>
internal sealed class ClaimWaiters
{
    private readonly Dictionary<string, LinkedList<ClaimWaiter>> _lines = new(StringComparer.Ordinal);
    private long _tickets;

    /// <summary>Claims that wait now.</summary>
    public int Count => _lines.Values.Sum(l => l.Count);

    /// <summary>The claims that wait now.</summary>
    public IEnumerable<ClaimWaiter> All => _lines.Values.SelectMany(l => l);

    public ClaimWaiter Add(Guid claimId, WorkerMatch worker, ClaimFacts facts, long deadline)
    {
        if (!_lines.TryGetValue(worker.Key, out var line))
            _lines.Add(worker.Key, line = new());
        var waiter = new ClaimWaiter(claimId, worker, facts, ++_tickets, deadline);
        line.AddLast(waiter);
        return waiter;
    }

    /// <summary>
    /// Takes out the claim that something suits best, and of equal ones the one that waited longest; null: none can take it.
    /// </summary>
    /// <param name="serves">Whether workers of a profile can do it at all; asked once a profile.</param>
    /// <param name="canTake">Whether a claim can have it now.</param>
    /// <param name="suits">How well, higher first; null: all alike.</param>
    public ClaimWaiter? TakeBest<TRank>(Func<WorkerMatch, bool> serves, Func<ClaimWaiter, bool> canTake, Func<ClaimWaiter, TRank>? suits)
        where TRank : struct, IComparable<TRank>
    {
        LinkedListNode<ClaimWaiter>? best = null;
        var bestRank = default(TRank);
        foreach (var line in _lines.Values)
        {
            if (line.First is not { } node || !serves(node.Value.Worker))
                continue;
            for (; node is not null; node = node.Next!)
            {
                if (!canTake(node.Value))
                    continue;
                var rank = suits?.Invoke(node.Value) ?? default;
                var byRank = rank.CompareTo(bestRank);
                if (best is null || byRank > 0 || (byRank == 0 && node.Value.Ticket < best.Value.Ticket))
                    (best, bestRank) = (node, rank);
                // All alike: the line is in the order of coming.
                if (suits is null)
                    break;
            }
        }

        best?.List!.Remove(best);
        return best?.Value;
    }

    /// <summary>Ends the wait of those whose time is over, or of one claim.</summary>
    public void End(Func<ClaimWaiter, bool> which)
    {
        foreach (var (key, line) in _lines.ToList())
        {
            for (var node = line.First; node is not null;)
            {
                var next = node.Next;
                if (which(node.Value))
                {
                    line.Remove(node);
                    node.Value.Wake.TrySetResult(null);
                }

                node = next;
            }

            if (line.Count == 0)
                _lines.Remove(key);
        }
    }
}

/// <summary>A claim that waits; woken with an entry reserved for it, or with null when its wait ended.</summary>
internal sealed record ClaimWaiter(Guid ClaimId, WorkerMatch Worker, ClaimFacts Facts, long Ticket, long Deadline)
{
    public TaskCompletionSource<ReadyItem?> Wake { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
