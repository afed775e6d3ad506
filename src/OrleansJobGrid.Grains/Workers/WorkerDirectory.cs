using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>The workers that are alive, as the store has them, read at most once a second by this silo.</summary>
public sealed class WorkerDirectory(IJobStore store, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Task<Known>? _reading;
    private long _readAt;

    /// <summary>Why a job of this requirement does not start now; null: some live worker can do it.</summary>
    public async Task<string?> Unworkable(Signature signature)
    {
        if (await AnyServes(signature))
            return null;
        return signature.Excluded.Count > 0 && (await Services()).Contains(signature.Service)
            ? $"Every live worker with the service '{signature.Service}' failed it in a way that keeps it away for a while ({string.Join(", ", signature.Excluded)}); the events say until when."
            : Unworkable(signature.Service);
    }

    /// <summary>Whether some live worker can do it.</summary>
    public async Task<bool> AnyServes(Signature signature) =>
        (await Read()).Profiles.Any(p => p.Serves(signature) && !signature.Excluded.Contains(p.Worker));

    /// <summary>Why a job of this service does not start now.</summary>
    public static string Unworkable(string service) =>
        $"No registered worker does the service '{service}'. The job waits; start a worker with it, or cancel the job.";

    /// <summary>Sessions that have not ended, with the store's clock.</summary>
    public async Task<SessionPage> Sessions() => (await Read()).Page;

    /// <summary>Services that some live worker does.</summary>
    public async Task<IReadOnlySet<string>> Services() => (await Read()).Services;

    private Task<Known> Read()
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

    private async Task<Known> ReadStore()
    {
        var page = await store.ReadSessionsAsync(CancellationToken.None);
        List<SessionRecord> alive = [.. page.Sessions.Where(s => !s.Ended)];
        return new(page with { Sessions = alive }, alive.SelectMany(s => SessionBody.Read(s).Services).ToHashSet(StringComparer.Ordinal), [.. alive.Select(ProfileOf)]);
    }

    private static ServiceProfile ProfileOf(SessionRecord session)
    {
        var body = SessionBody.Read(session);
        return new(body.Services, session.WorkerId, body.Instances.Select(i => i.Instance).Where(i => !body.Breakers.ContainsKey(i)));
    }

    private sealed record Known(SessionPage Page, HashSet<string> Services, IReadOnlyList<ServiceProfile> Profiles);
}
