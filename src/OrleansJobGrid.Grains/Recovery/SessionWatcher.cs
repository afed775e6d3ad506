using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Recovery;

/// <summary>Looks at all sessions, on every silo, so that no single watcher matters.</summary>
internal sealed class SessionWatcher(
    IJobStore store, IGrainFactory grains, StoreClock clock, RegistrySweep registrations, TimeProvider time, IOptions<JobGridOptions> options, ILogger<SessionWatcher> logger)
{
    private const string PassName = "sessions";
    private const long OutageMs = 3_000;

    private readonly Dictionary<string, long> _deadSince = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _ending = new(StringComparer.Ordinal);

    // What a session says of its process when it begins holds for all of it.
    private readonly Dictionary<string, (string Process, long LingerMs)> _processes = new(StringComparer.Ordinal);
    private long _outageUntil;
    private long _lastPass;

    /// <summary>One pass: ends what is over.</summary>
    public async Task Pass()
    {
        var mark = await store.MarkPassAsync(PassName, CancellationToken.None);
        // Nobody looked for a while: the store or the whole grid was away, and no worker could renew its lease.
        // Another silo may have passed a moment ago, after the same outage: what this one saw counts as well.
        var unseen = _lastPass == 0 ? 0 : (long)time.GetElapsedTime(_lastPass).TotalMilliseconds;
        _lastPass = time.GetTimestamp();
        if (mark.Previous > 0 && (mark.Now - mark.Previous > OutageMs || unseen > OutageMs))
            _outageUntil = mark.Now + (long)options.Value.Lease.TotalMilliseconds;
        var page = await store.ReadSessionsAsync(CancellationToken.None);
        clock.Observe(page.Clock);
        var dead = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (var session in page.Sessions)
        {
            if (_ending.TryGetValue(session.Id, out var ending) && !ending.IsCompleted)
                continue;
            if (SessionDeath.Of(session, SignsOf(session, dead), page.Clock, _outageUntil) is var (cause, reason))
                _ending[session.Id] = End(session.Id, cause, reason);
        }

        var known = page.Sessions.Select(s => s.Id).ToHashSet();
        foreach (var gone in _deadSince.Keys.Concat(_ending.Keys).Concat(_processes.Keys).Where(id => !known.Contains(id)).ToList())
        {
            _deadSince.Remove(gone);
            _ending.Remove(gone);
            _processes.Remove(gone);
        }

        await registrations.Pass(page);
    }

    private SessionSigns SignsOf(SessionRecord session, Dictionary<string, bool> dead)
    {
        if (!_processes.TryGetValue(session.Id, out var its))
        {
            if (SessionBody.TryRead(session, out var body) is { } fault)
            {
                logger.SessionUnreadable(session.Id, fault);
                return default;
            }

            _processes.Add(session.Id, its = (body.Process, body.LingerMs));
        }

        // Many workers may share one process.
        if (!dead.TryGetValue(its.Process, out var isDead))
            dead.Add(its.Process, isDead = ProcessIdentity.IsKnownDead(its.Process));
        if (!isDead)
            return new(false, 0, its.LingerMs);
        _deadSince.TryAdd(session.Id, time.GetTimestamp());
        return new(true, (long)time.GetElapsedTime(_deadSince[session.Id]).TotalMilliseconds, its.LingerMs);
    }

    private async Task End(string sessionId, SessionEndCause cause, string reason)
    {
        try
        {
            await grains.GetGrain<IReconciliationGrain>(sessionId).End(cause, reason);
        }
        catch (Exception e)
        {
            // The next pass finds the session still there and asks again.
            logger.EndFailed(sessionId, e);
        }
    }
}
