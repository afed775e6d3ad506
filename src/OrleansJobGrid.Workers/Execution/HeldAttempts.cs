using System.Collections.Concurrent;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What a session holds: its own grants and adopted ones, from their arrival until their end was reported.</summary>
internal sealed class HeldAttempts
{
    private readonly ConcurrentDictionary<(string JobId, long Epoch), Attempt> _attempts = new();

    public int Count => _attempts.Count;

    public IEnumerable<Attempt> All => _attempts.Values;

    /// <summary>False: the grant is held already.</summary>
    public bool Add(Attempt attempt) => _attempts.TryAdd((attempt.Grant.JobId, attempt.Grant.Token.Epoch), attempt);

    public void Remove(Attempt attempt) => _attempts.TryRemove(new((attempt.Grant.JobId, attempt.Grant.Token.Epoch), attempt));

    /// <summary>As a heartbeat lists them.</summary>
    public IReadOnlyList<HeldGrant> List() => [.. _attempts.Values.Select(a => new HeldGrant(a.Grant.JobId, a.Grant.Token))];

    /// <summary>Ends what is to be stopped, by <paramref name="stop"/> where it is not to be left alone.</summary>
    public void Obey(IReadOnlyList<StopOrder> orders, EndOrder stop = EndOrder.Stop)
    {
        foreach (var order in orders)
        {
            if (_attempts.TryGetValue((order.JobId, order.Token.Epoch), out var attempt) && attempt.Grant.Token == order.Token)
                attempt.End(order.LeaveIt ? EndOrder.LetGo : stop);
        }
    }

    public void Drain()
    {
        foreach (var attempt in All)
            attempt.End(EndOrder.Drain);
    }

    /// <summary>The session is lost: work in this process stops; work outside goes on, since it may be adopted, and is stopped by a directive only.</summary>
    public void Lose()
    {
        foreach (var attempt in All)
            attempt.End(attempt.Connector.Location == WorkLocation.External ? EndOrder.LetGo : EndOrder.Abandon);
    }
}
