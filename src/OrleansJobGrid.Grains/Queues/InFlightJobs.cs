namespace OrleansJobGrid.Grains.Queues;

/// <summary>
/// Jobs that a queue granted and that have not ended, as far as it was told; each is in flight in the view once, whatever word is lost, late or
/// said twice.
/// </summary>
internal sealed class InFlightJobs(ReadyView view)
{
    private readonly Dictionary<string, InFlightJob> _jobs = new(StringComparer.Ordinal);

    /// <summary>Seconds charged for jobs that run, by customer.</summary>
    public IReadOnlyDictionary<string, double> Charged =>
        _jobs.Values.GroupBy(j => j.Customer, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(j => j.Charge), StringComparer.Ordinal);

    /// <summary>
    /// What <see cref="ReadyView.Pop"/> took was granted. True: jobs that were held may go now, since the end of an earlier grant of it was never told.
    /// </summary>
    public bool Granted(string jobId, InFlightJob job)
    {
        var freed = _jobs.TryGetValue(jobId, out var earlier) && view.Ended(earlier.Customer, earlier.Charge, earlier.Charge);
        _jobs[jobId] = job;
        return freed;
    }

    /// <summary>A job was found granted that this view did not grant; known already, it is that one.</summary>
    public void Found(string jobId, InFlightJob job)
    {
        if (_jobs.TryAdd(jobId, job))
            view.Resumes(job.Customer, job.Charge);
    }

    /// <summary>A grant ended, which may be a later one than was granted here: an adoption raises the epoch without the queue.</summary>
    /// <returns>Whether jobs that were held may go now; null: it is not in flight, or with a later grant.</returns>
    public bool? Ended(string jobId, long epoch, double seconds) =>
        _jobs.TryGetValue(jobId, out var job) && job.Epoch <= epoch && _jobs.Remove(jobId) ? view.Ended(job.Customer, job.Charge, seconds) : null;

    /// <summary>Those that were not looked at since a moment, oldest first, at most so many.</summary>
    public IReadOnlyList<KeyValuePair<string, InFlightJob>> LookedAtBefore(long at, int most) =>
        [.. _jobs.Where(j => j.Value.CheckedAt < at).OrderBy(j => j.Value.CheckedAt).Take(most)];

    /// <summary>
    /// What became of one of <see cref="LookedAtBefore"/>. A word that came while it was looked at says more than what was read. True: jobs that were held may go now.
    /// </summary>
    public bool LookedAt(KeyValuePair<string, InFlightJob> looked, bool held, long clock)
    {
        var (jobId, job) = looked;
        if (!ReferenceEquals(_jobs.GetValueOrDefault(jobId), job))
            return false;
        if (held)
        {
            _jobs[jobId] = job with { CheckedAt = clock };
            return false;
        }

        _jobs.Remove(jobId);
        return view.Ended(job.Customer, job.Charge, job.Charge);
    }
}

/// <summary>A job in flight.</summary>
/// <param name="Epoch">Its grant's.</param>
/// <param name="Customer">Whose it is.</param>
/// <param name="Charge">Seconds that its customer was charged.</param>
/// <param name="CheckedAt">When it was granted, or last found granted in the store; Unix ms.</param>
internal sealed record InFlightJob(long Epoch, string Customer, double Charge, long CheckedAt);
