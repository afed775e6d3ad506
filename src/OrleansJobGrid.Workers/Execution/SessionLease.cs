namespace OrleansJobGrid.Workers.Execution;

/// <summary>The lease of a session by this process's own monotonic clock, counted from the sending of the last answered heartbeat.</summary>
internal sealed class SessionLease(TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _from;
    private TimeSpan _length;

    /// <summary>Negative once it is over.</summary>
    public TimeSpan Left
    {
        get
        {
            lock (_lock)
                return _length - time.GetElapsedTime(_from);
        }
    }

    /// <summary>All of it, as the last heartbeat was granted.</summary>
    public TimeSpan Length
    {
        get
        {
            lock (_lock)
                return _length;
        }
    }

    /// <summary>A heartbeat sent at this timestamp was answered with so long a lease.</summary>
    public void Renew(long sent, TimeSpan length)
    {
        lock (_lock)
            (_from, _length) = (sent, length);
    }

    /// <summary>Whether more than <paramref name="needed"/> is left, now or by a renewal within <paramref name="patience"/>.</summary>
    public async Task<bool> Covers(TimeSpan needed, TimeSpan patience, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        while (Left <= needed)
        {
            if (time.GetElapsedTime(asked) >= patience)
                return false;
            await Task.Delay(Look, time, cancellationToken);
        }

        return true;
    }
}
