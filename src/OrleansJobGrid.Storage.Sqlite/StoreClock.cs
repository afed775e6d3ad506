namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>The store's one clock: the host's, but never lower than it ever was.</summary>
internal sealed class StoreClock(TimeProvider time)
{
    private long _highWater;

    /// <summary>Unix ms.</summary>
    public long Now => Raise(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Takes over a mark that was kept; returns the clock.</summary>
    public long Raise(long mark)
    {
        var before = Volatile.Read(ref _highWater);
        while (mark > before)
        {
            var seen = Interlocked.CompareExchange(ref _highWater, mark, before);
            if (seen == before)
                return mark;
            before = seen;
        }
        return before;
    }
}
