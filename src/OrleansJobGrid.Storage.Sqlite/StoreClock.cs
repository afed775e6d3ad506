namespace OrleansJobGrid.Storage.Sqlite;

/// <summary>
/// The store's one clock: the host's, except that it never goes back and never stands. Where the host's was set back, it goes on at half
/// the pace until the host's has caught up with it.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _clock = DateTimeOffset.UnixEpoch;
    private long _seen = time.GetTimestamp();

    /// <summary>Unix ms.</summary>
    public long Now
    {
        get
        {
            lock (_lock)
            {
                var (host, seen) = (time.GetUtcNow(), time.GetTimestamp());
                var slow = _clock + (time.GetElapsedTime(_seen, seen) / 2);
                (_clock, _seen) = (host > slow ? host : slow, seen);
                return _clock.ToUnixTimeMilliseconds();
            }
        }
    }

    /// <summary>Takes over a mark that was kept.</summary>
    public void Raise(long mark)
    {
        lock (_lock)
        {
            var kept = DateTimeOffset.FromUnixTimeMilliseconds(mark);
            if (kept > _clock)
                (_clock, _seen) = (kept, time.GetTimestamp());
        }
    }
}
