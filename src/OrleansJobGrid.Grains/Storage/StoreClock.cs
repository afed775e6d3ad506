namespace OrleansJobGrid.Grains.Storage;

/// <summary>
/// The store's clock as this silo knows it: an answer plus the monotonic time since. It never goes back, and the store
/// itself re-checks what depends on it. Where the store's clock is found to have gone slower, this one waits for it.
/// </summary>
public sealed class StoreClock(TimeProvider time)
{
    /// <summary>An answer may have been on its way for so long without telling that the store's clock went slower.</summary>
    private const long SlackMs = 2_000;

    private readonly Lock _lock = new();
    private long _clock;
    private long _seen;
    private long _highest;

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
            if (_clock == 0)
                (_clock, _seen) = (clock, time.GetTimestamp());
            Extrapolate();
            if (Reckoned() - clock is < 0 or > SlackMs)
                (_clock, _seen) = (clock, time.GetTimestamp());
            return Extrapolate();
        }
    }

    private long Extrapolate() => _highest = Math.Max(_highest, Reckoned());

    private long Reckoned() => _clock + (long)time.GetElapsedTime(_seen).TotalMilliseconds;
}
