namespace OrleansJobGrid.Workers.Execution;

/// <summary>The queues that there are, asked for once by all workers of a process that look at about the same time.</summary>
/// <param name="ask">Asks the grid.</param>
/// <param name="time">The clock.</param>
internal sealed class KnownQueues(Func<Task<IReadOnlyList<string>>> ask, TimeProvider time)
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Task<IReadOnlyList<string>>? _asked;
    private long _askedAt;

    /// <summary>Their names, at most half a second old.</summary>
    public Task<IReadOnlyList<string>> Names()
    {
        lock (_lock)
        {
            if (_asked is null || _asked.IsFaulted || time.GetElapsedTime(_askedAt) >= MaxAge)
                (_asked, _askedAt) = (ask(), time.GetTimestamp());
            return _asked;
        }
    }
}
