namespace OrleansJobGrid.Client;

/// <summary>How a <see cref="JobGridClient"/> tries again.</summary>
public sealed record JobGridClientOptions
{
    /// <summary>
    /// Tries after the first, 0 and more. Only what cannot double is tried again, and only when no answer came or the answer was
    /// 429, 502, 503 or 504. A stream that broke off is opened again as often, counted anew with every event that arrives.
    /// Default 4: about 3 s in all. A broken grid is noticed later with more.
    /// </summary>
    public int Retries { get; init; } = 4;

    /// <summary>First pause, doubled with each further one and shortened by a random part of up to a half. Default 200 ms.</summary>
    public TimeSpan BaseDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest pause; a longer <c>Retry-After</c> of the grid is cut to it. Default 10 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A stream without any event for this long is opened again, since a connection can be dead without a sign; the grid then
    /// sends the state anew. Default 60 s.
    /// </summary>
    public TimeSpan StreamIdleLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock of the pauses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
