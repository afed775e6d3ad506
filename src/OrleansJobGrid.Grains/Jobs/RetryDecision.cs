using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Whether and when a failed attempt is followed by another.</summary>
/// <param name="Retry">Whether it is.</param>
/// <param name="DelayMs">After how long; 0: at once.</param>
/// <param name="Reason">Why, for the audit log.</param>
public readonly record struct RetryDecision(bool Retry, long DelayMs, string Reason)
{
    private const int TransientAttempts = 5;
    private const int ResourceAttempts = 3;
    private const long LongestDelayMs = 3_600_000;
    private static readonly long LongestToldMs = (long)JobSubmissionLimits.LongestBackoff.TotalMilliseconds;

    /// <summary>
    /// Decides by class: resource exhaustion at once, 3 attempts; transient 2^n s, 5 attempts; rate limited as the service said,
    /// at most 7 days, else as transient; everything else never. <c>max_retries</c> and <c>retry</c> of the job come before the class's own.
    /// </summary>
    /// <param name="record">The job; its <see cref="JobRecord.Attempt"/> is the one that failed.</param>
    /// <param name="failure">The report.</param>
    /// <param name="draw">0 (inclusive) to 1: spreads a delay over 75 to 125 %.</param>
    public static RetryDecision Of(JobRecord record, FailureReport failure, double draw)
    {
        var classLimit = failure.FailureType switch
        {
            FailureTypes.Transient or FailureTypes.RateLimited => TransientAttempts,
            FailureTypes.ResourceExhaustion => ResourceAttempts,
            _ => 1,
        };
        if (classLimit == 1)
            return new(false, 0, $"{failure.FailureType} failures are never retried");
        var limit = record.MaxRetries + 1 ?? classLimit;
        if (record.Attempt >= limit)
            return new(false, 0, $"attempt {record.Attempt} of {limit} failed");
        var delay = failure switch
        {
            { FailureType: FailureTypes.RateLimited, RetryAfterMs: { } told } => Math.Clamp(told, 0, LongestToldMs),
            { FailureType: FailureTypes.ResourceExhaustion } when record.Retry is null => 0,
            _ => Spread(Backoff(record), draw),
        };
        return new(true, delay, $"attempt {record.Attempt} of {limit} failed, the next in {delay} ms");
    }

    private static double Backoff(JobRecord record) => record.Retry is { } own
        ? Math.Min(own.BaseDelayMs * Math.Pow(own.Multiplier, record.Attempt - 1), own.MaxDelayMs)
        : Math.Min(Math.Pow(2, record.Attempt) * 1_000, LongestDelayMs);

    private static long Spread(double delay, double draw) => (long)(delay * (0.75 + draw / 2));
}

/// <summary>Classes of failure as a worker reports them.</summary>
public static class FailureTypes
{
    public const string Transient = "transient";
    public const string ResourceExhaustion = "resource_exhaustion";
    public const string Malformed = "malformed";
    public const string Refused = "refused";
    public const string Unauthorized = "unauthorized";
    public const string RateLimited = "rate_limited";
}
