using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>
/// The grants that a worker has, as far as its grain's activation knows: a cache of the store's leases. Its claims and reports write it from any thread.
/// </summary>
internal sealed class WorkerGrants(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Held> _granted = new(StringComparer.Ordinal);

    /// <summary>Grants whose end was answered since the last heartbeat: one that was on its way meanwhile may list them still.</summary>
    private readonly HashSet<HeldGrant> _ended = [];
    private bool _unsure = true;

    /// <summary>The store may know of grants that are missing here.</summary>
    public bool IsUnsure
    {
        get
        {
            lock (_lock)
                return _unsure;
        }

        set
        {
            lock (_lock)
                _unsure = value;
        }
    }

    /// <summary>A grant came into being, or was found.</summary>
    /// <returns>False: the job was granted to this worker as far as is known here, by this grant or another, and that stays.</returns>
    public bool TryAdd(string jobId, GrantToken token)
    {
        lock (_lock)
            return _granted.TryAdd(jobId, new(token, time.GetTimestamp()));
    }

    /// <summary>The job's last grant.</summary>
    public void Set(string jobId, GrantToken token)
    {
        lock (_lock)
            _granted[jobId] = new(token, time.GetTimestamp());
    }

    /// <summary>Its end was answered.</summary>
    public void Drop(string jobId, GrantToken token)
    {
        lock (_lock)
        {
            var grant = new HeldGrant(jobId, token);
            if (IsKnown(grant))
                _granted.Remove(jobId);
            _ended.Add(grant);
        }
    }

    public bool Has(string jobId)
    {
        lock (_lock)
            return _granted.ContainsKey(jobId);
    }

    /// <summary>Whether a grant is neither known here nor listed by its worker, but for a list that was on its way when the grant ended.</summary>
    public bool IsOver(HeldGrant grant, HashSet<HeldGrant> listed)
    {
        lock (_lock)
            return !IsKnown(grant) && (!listed.Contains(grant) || _ended.Contains(grant));
    }

    /// <summary>What a heartbeat lists and is not known here, nor has ended since the one before.</summary>
    public List<HeldGrant> Unknown(IReadOnlyList<HeldGrant> listed)
    {
        lock (_lock)
        {
            List<HeldGrant> unknown = [.. listed.Where(g => !IsKnown(g) && !_ended.Contains(g))];
            _ended.Clear();
            return unknown;
        }
    }

    /// <summary>Notes what a heartbeat lists, and gives what it does not list although it was granted <paramref name="limit"/> before it arrived.</summary>
    /// <param name="listed">What the worker holds.</param>
    /// <param name="arrived">When the heartbeat did, as a timestamp.</param>
    /// <param name="limit">How long a grant may be on its way.</param>
    public List<HeldGrant> Unconfirmed(HashSet<HeldGrant> listed, long arrived, TimeSpan limit)
    {
        lock (_lock)
        {
            foreach (var grant in listed)
            {
                if (IsKnown(grant))
                    _granted[grant.JobId] = new(grant.Token, time.GetTimestamp());
            }

            return
            [
                .. _granted.Select(g => (Grant: new HeldGrant(g.Key, g.Value.Token), g.Value.Since))
                    .Where(g => !listed.Contains(g.Grant) && time.GetElapsedTime(g.Since, arrived) >= limit).Select(g => g.Grant),
            ];
        }
    }

    /// <summary>Another session begins.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _granted.Clear();
            _ended.Clear();
            _unsure = true;
        }
    }

    /// <summary>Called with the lock.</summary>
    private bool IsKnown(HeldGrant grant) => _granted.TryGetValue(grant.JobId, out var known) && known.Token == grant.Token;

    private readonly record struct Held(GrantToken Token, long Since);
}
