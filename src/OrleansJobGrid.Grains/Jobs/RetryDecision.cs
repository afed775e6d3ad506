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
        var classLimit = failure.FailureClass switch
        {
            FailureClasses.Transient or FailureClasses.RateLimited or FailureClasses.MissingHere => TransientAttempts,
            FailureClasses.ResourceExhaustion => ResourceAttempts,
            _ => 1,
        };
        if (classLimit == 1)
            return new(false, 0, $"{failure.FailureClass} failures are never retried");
        var limit = record.MaxRetries + 1 ?? classLimit;
        var attempt = record.Attempt - record.AttemptsBefore;
        if (attempt >= limit)
            return new(false, 0, $"attempt {attempt} of {limit} failed");
        var delay = failure switch
        {
            { FailureClass: FailureClasses.RateLimited, RetryAfterMs: { } told } => Math.Clamp(told, 0, LongestToldMs),
            { FailureClass: FailureClasses.ResourceExhaustion } when record.Retry is null => 0,
            _ => Spread(Backoff(record), draw),
        };
        return new(true, delay, $"attempt {attempt} of {limit} failed, the next in {delay} ms");
    }

    private static double Backoff(JobRecord record) => record.Retry is { } own
        ? Math.Min(own.BaseDelayMs * Math.Pow(own.Multiplier, record.Attempt - record.AttemptsBefore - 1), own.MaxDelayMs)
        : Math.Min(Math.Pow(2, record.Attempt - record.AttemptsBefore) * 1_000, LongestDelayMs);

    private static long Spread(double delay, double draw) => (long)(delay * (0.75 + draw / 2));
}
