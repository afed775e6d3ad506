using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Entries that were taken out for a claim and are being started, as far as the queue was told: one a job.</summary>
internal sealed class Reservations
{
    private readonly Dictionary<string, Reservation> _jobs = new(StringComparer.Ordinal);

    /// <summary>Reserves a job; null: it is reserved, and its entry came back meanwhile, as from a rescan.</summary>
    public Reservation? Add(ReadyItem item, long now)
    {
        var reservation = new Reservation(OperationIds.Next(), item, now);
        return _jobs.TryAdd(item.Ready.JobId, reservation) ? reservation : null;
    }

    /// <summary>Takes a job out, if it is in by this reservation.</summary>
    public Reservation? Take(string jobId, Guid id) => _jobs.TryGetValue(jobId, out var found) && found.Id == id ? Take(jobId) : null;

    /// <summary>Takes a job out, if it is in.</summary>
    public Reservation? Take(string jobId) => _jobs.Remove(jobId, out var found) ? found : null;

    /// <summary>Takes out those that were made up to a moment.</summary>
    public List<Reservation> TakeUntil(long at)
    {
        var over = _jobs.Values.Where(r => r.Since <= at).ToList();
        over.ForEach(r => _jobs.Remove(r.Item.Ready.JobId));
        return over;
    }
}

/// <summary>An entry that is being started.</summary>
/// <param name="Id">By which it is settled.</param>
/// <param name="Item">The entry.</param>
/// <param name="Since">By the clock's timestamp.</param>
internal sealed record Reservation(Guid Id, ReadyItem Item, long Since);
