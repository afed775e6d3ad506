namespace OrleansJobGrid.Grains.Storage;

/// <summary>
/// The store's clock as this silo knows it: the last answer plus the monotonic time since. It never goes back, and the store
/// itself re-checks what depends on it.
/// </summary>
public sealed class StoreClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _clock;
    private long _seen;

    /// <summary>Unix ms; 0 before the first answer.</summary>
    public long Now
    {
        get
        {
            lock (_lock)
                return _clock == 0 ? 0 : Extrapolate();
        }
    }

    /// <summary>Takes a clock that the store answered with.</summary>
    public long Observe(long clock)
    {
        lock (_lock)
        {
            if (_clock == 0 || clock > Extrapolate())
            {
                _clock = clock;
                _seen = time.GetTimestamp();
            }

            return Extrapolate();
        }
    }

    private long Extrapolate() => _clock + (long)time.GetElapsedTime(_seen).TotalMilliseconds;
}
