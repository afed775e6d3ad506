using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Claims that wait, by profile and in the order of their coming: an entry wakes exactly the first one that can do it.</summary>
internal sealed class ClaimWaiters
{
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);
    private long _tickets;

    /// <summary>Claims that wait now.</summary>
    public int Count => _lines.Values.Sum(l => l.Waiters.Count);

    public ClaimWaiter Add(Guid claimId, ServiceProfile profile, long deadline)
    {
        if (!_lines.TryGetValue(profile.Key, out var line))
            _lines.Add(profile.Key, line = new(profile));
        var waiter = new ClaimWaiter(claimId, profile, ++_tickets, deadline);
        line.Waiters.AddLast(waiter);
        return waiter;
    }

    /// <summary>Takes out the claim that waited longest among those that can do this; null: nobody can.</summary>
    public (ClaimWaiter Waiter, ServiceProfile Profile)? TakeFor(Signature signature)
    {
        var excluded = signature.Excluded;
        LinkedListNode<ClaimWaiter>? first = null;
        foreach (var line in _lines.Values)
        {
            var head = line.Waiters.First;
            while (head is not null && excluded.Contains(head.Value.Profile.Worker))
                head = head.Next;
            if (head is not null && (first is null || head.Value.Ticket < first.Value.Ticket) && line.Profile.Serves(signature))
                first = head;
        }

        if (first is null)
            return null;
        first.List!.Remove(first);
        return (first.Value, first.Value.Profile);
    }

    /// <summary>Ends the wait of those whose time is over, or of one claim.</summary>
    public void End(Func<ClaimWaiter, bool> which)
    {
        foreach (var line in _lines.Values)
        {
            for (var node = line.Waiters.First; node is not null;)
            {
                var next = node.Next;
                if (which(node.Value))
                {
                    line.Waiters.Remove(node);
                    node.Value.Wake.TrySetResult(null);
                }

                node = next;
            }
        }
    }

    private sealed record Line(ServiceProfile Profile)
    {
        public LinkedList<ClaimWaiter> Waiters { get; } = new();
    }
}

/// <summary>A claim that waits; woken with an entry reserved for it, or with null when its wait ended.</summary>
internal sealed record ClaimWaiter(Guid ClaimId, ServiceProfile Profile, long Ticket, long Deadline)
{
    public TaskCompletionSource<ReadyItem?> Wake { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
