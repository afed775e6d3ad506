using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>The workers, registered and alive, as the store has them; read at most once a second by this silo.</summary>
public sealed class WorkerDirectory(IJobStore store, WorkerRegistry registry, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RegistryMaxAge = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private Task<KnownWorkers>? _reading;
    private long _readAt;
    private IReadOnlyDictionary<string, Registration> _registrations = new Dictionary<string, Registration>();
    private long _registrationsReadAt;
    private IReadOnlySet<string> _sessions = new HashSet<string>();
    private Dictionary<string, KnownWorker> _live = new(StringComparer.Ordinal);

    /// <summary>Why no registered worker could do a job of this requirement; null: one could, be it away or busy.</summary>
    public async Task<string?> Unworkable(WaitingJob job) => Unworkable(await All(), job);

    /// <summary>The same over workers that were asked for already.</summary>
    public static string? Unworkable(IReadOnlyList<KnownWorker> registered, WaitingJob job) =>
        registered.Any(w => w.CouldDo(job)) ? null : MatchReport.Unworkable(registered, job);

    /// <summary>Whether some worker that claims jobs can do it.</summary>
    public async Task<bool> AnyServes(WaitingJob job) => (await Read()).Live.Any(w => w.Claims(job.Need.Service) && w.CouldDo(job));

    /// <summary>Sessions that have not ended, with the store's clock.</summary>
    public async Task<SessionPage> Sessions() => (await Read()).Page;

    /// <summary>All registered workers.</summary>
    public async Task<IReadOnlyList<KnownWorker>> All() => (await Read()).All;

    /// <summary>Workers with a session that has not ended.</summary>
    public async Task<IReadOnlyList<KnownWorker>> Live() => (await Read()).Live;

    /// <summary>What is known is read anew by the next question.</summary>
    public void Forget()
    {
        lock (_lock)
            (_reading, _registrationsReadAt) = (null, 0);
    }

    private Task<KnownWorkers> Read()
    {
        lock (_lock)
        {
            if (_reading is null || _reading.IsFaulted || time.GetElapsedTime(_readAt) >= MaxAge)
            {
                _readAt = time.GetTimestamp();
                _reading = ReadStore();
            }

            return _reading;
        }
    }

    private async Task<KnownWorkers> ReadStore()
    {
        var page = await store.ReadSessionsAsync(CancellationToken.None);
        List<SessionRecord> alive = [.. page.Sessions.Where(s => !s.Ended)];
        // A reading that overlaps another one finds less of it, no more.
        var before = _live;
        var bodies = alive.ToDictionary(s => s.Id, s => before.GetValueOrDefault(s.Id)?.BodyOf(s) ?? SessionBody.Read(s), StringComparer.Ordinal);
        var ids = alive.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        // Who came or went changed the registry, and a session names its capabilities, so that a change is seen with its next heartbeat.
        var stale = _registrationsReadAt == 0 || time.GetElapsedTime(_registrationsReadAt) >= RegistryMaxAge || !ids.SetEquals(_sessions);
        if (stale || alive.Exists(s => !_registrations.TryGetValue(s.WorkerId, out var r) || CapabilitiesKey.Of(r.Capabilities) != bodies[s.Id].CapabilitiesKey))
        {
            (_registrationsReadAt, _sessions) = (time.GetTimestamp(), ids);
            _registrations = (await registry.All()).ToDictionary(r => r.Key, r => r.Value.Registration, StringComparer.Ordinal);
        }

        var known = KnownWorkers.Of(page with { Sessions = alive }, bodies, _registrations, before);
        _live = known.Live.ToDictionary(w => w.Session!.Id, StringComparer.Ordinal);
        return known;
    }
}

/// <summary>What a reading of the store gave.</summary>
internal sealed record KnownWorkers(SessionPage Page, IReadOnlyList<KnownWorker> All, IReadOnlyList<KnownWorker> Live)
{
    public static KnownWorkers Of(
        SessionPage page, Dictionary<string, SessionBody> bodies, IReadOnlyDictionary<string, Registration> registrations, IReadOnlyDictionary<string, KnownWorker> before)
    {
        List<KnownWorker> live =
            [.. page.Sessions.Select(s => KnownWorker.Of(s, bodies[s.Id], registrations.GetValueOrDefault(s.WorkerId), before.GetValueOrDefault(s.Id)))];
        var ids = live.Select(w => w.WorkerId).ToHashSet(StringComparer.Ordinal);
        List<KnownWorker> all = [.. live, .. registrations.Where(r => !ids.Contains(r.Key)).Select(r => KnownWorker.Of(r.Key, r.Value))];
        return new(page, all, live);
    }
}
