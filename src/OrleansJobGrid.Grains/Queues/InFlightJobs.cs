namespace OrleansJobGrid.Grains.Queues;

/// <summary>Jobs that a queue granted and that have not ended, as far as it was told.</summary>
internal sealed class InFlightJobs
{
    private readonly Dictionary<string, InFlightJob> _jobs = new(StringComparer.Ordinal);

    public int Count => _jobs.Count;

    public void Add(string jobId, InFlightJob job) => _jobs[jobId] = job;

    /// <summary>Takes a job out, if it is in with this or an earlier grant: an adoption raises the epoch without the queue.</summary>
    public InFlightJob? Take(string jobId, long epoch) =>
        _jobs.TryGetValue(jobId, out var job) && job.Epoch <= epoch && _jobs.Remove(jobId) ? job : null;

    /// <summary>Those that were granted before a moment, oldest first, at most so many.</summary>
    public List<KeyValuePair<string, InFlightJob>> GrantedBefore(long at, int most) =>
        [.. _jobs.Where(j => j.Value.CheckedAt < at).OrderBy(j => j.Value.CheckedAt).Take(most)];
}

/// <summary>A job in flight.</summary>
/// <param name="Epoch">Its grant's.</param>
/// <param name="Customer">Whose it is.</param>
/// <param name="Charge">Seconds that its customer was charged.</param>
/// <param name="CheckedAt">When it was granted, or last found granted in the store; Unix ms.</param>
internal sealed record InFlightJob(long Epoch, string Customer, double Charge, long CheckedAt);
