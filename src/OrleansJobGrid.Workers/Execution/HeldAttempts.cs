using System.Collections.Concurrent;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What a session holds: its own grants and adopted ones, from their arrival until their end was reported.</summary>
internal sealed class HeldAttempts
{
    private readonly ConcurrentDictionary<(string JobId, long Epoch), Attempt> _attempts = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Attempt> _working = [];
    private HeldSums? _sums = HeldSums.None;

    public int Count => _attempts.Count;

    /// <summary>As they are while one goes through them.</summary>
    public IEnumerable<Attempt> All => _attempts.Select(a => a.Value);

    /// <summary>What those whose work goes on take of the worker.</summary>
    public HeldSums Sums
    {
        get
        {
            lock (_lock)
                return _sums ??= Sum();
        }
    }

    /// <summary>False: the grant is held already.</summary>
    public bool Add(Attempt attempt) => Add(attempt, _ => null, out _);

    /// <summary>
    /// Adds it unless it is held already, or does not go beside the others: two grants that came at the same moment are judged one
    /// after the other.
    /// </summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="refusal">Why it does not go beside what the others take; null: it does.</param>
    /// <param name="refused">What <paramref name="refusal"/> said.</param>
    public bool Add(Attempt attempt, Func<HeldSums, string?> refusal, out string? refused)
    {
        lock (_lock)
        {
            refused = null;
            if (_attempts.ContainsKey(KeyOf(attempt)))
                return false;
            refused = refusal(_sums ??= Sum());
            if (refused is not null)
                return false;
            _working.Add(attempt);
            _sums = null;
            return _attempts.TryAdd(KeyOf(attempt), attempt);
        }
    }

    /// <summary>Its work is over: what it took is free, while its end is still to be reported.</summary>
    public void Release(Attempt attempt)
    {
        attempt.WorkIsOver = true;
        lock (_lock)
        {
            if (_working.Remove(attempt))
                _sums = null;
        }
    }

    public void Remove(Attempt attempt)
    {
        Release(attempt);
        _attempts.TryRemove(new(KeyOf(attempt), attempt));
    }

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

    private static (string JobId, long Epoch) KeyOf(Attempt attempt) => (attempt.Grant.JobId, attempt.Grant.Token.Epoch);

    private HeldSums Sum() => _working.Count == 0 ? HeldSums.None : new(
        [.. _working.Select(a => a.Grant.CustomerId).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
        _working.Sum(a => a.Grant.EnvelopeMb ?? 0),
        _working.Count);
}
