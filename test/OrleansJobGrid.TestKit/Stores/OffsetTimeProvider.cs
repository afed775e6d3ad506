namespace OrleansJobGrid.TestKit.Stores;

/// <summary>The system's time with a wall clock that can be stepped forth and back, as an administrator or NTP steps it.</summary>
public sealed class OffsetTimeProvider : TimeProvider
{
    private long _offsetTicks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _offsetTicks));

    /// <summary>Steps the wall clock.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref _offsetTicks, by.Ticks);
}
