namespace OrleansJobGrid.Workers.Breakers;

/// <summary>States of a circuit breaker.</summary>
internal enum BreakerState
{
    /// <summary>Everybody is let through.</summary>
    Closed,

    /// <summary>Nobody is.</summary>
    Open,

    /// <summary>One attempt is, and decides by what it finds.</summary>
    HalfOpen,
}
