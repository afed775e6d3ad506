using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Whether, when and where a failed attempt is followed by another.</summary>
/// <param name="Retry">Whether it is.</param>
/// <param name="DelayMs">After how long; 0: at once.</param>
/// <param name="Reason">Why, for the audit log.</param>
/// <param name="Exclude">Where not; null: anywhere.</param>
public readonly record struct RetryDecision(bool Retry, long DelayMs, string Reason, RetryExclusion? Exclude = null)
{
    private static readonly long LongestToldMs = (long)JobSubmissionLimits.LongestBackoff.TotalMilliseconds;

    /// <summary>
    /// Decides by class (<see cref="RetryPolicies"/>): resource exhaustion at once and not there for a minute; something missing at once and
    /// not at that instance; rate limited as the service said, at most 7 days; else with backoff, and where a device failed not there for a
    /// minute. What is wrong with the job itself or its credentials is never tried again. <c>max_retries</c> and <c>retry</c> of the job come
    /// before the policy.
    /// </summary>
    /// <param name="record">The job; its <see cref="JobRecord.Attempt"/> is the one that failed.</param>
    /// <param name="failure">The report.</param>
    /// <param name="draw">0 (inclusive) to 1: spreads a backoff over 75 to 125 %, within its longest.</param>
    /// <param name="policies">The policies of the services; null: those without configuration.</param>
    /// <param name="elsewhere">
    /// Whether some other live worker or instance could do it. False: it waits a backoff for the same one, instead of spinning or being
    /// kept from the only one there is. Null: nobody knows; then it is kept from there, and that has an end.
    /// </param>
    public static RetryDecision Of(JobRecord record, FailureReport failure, double draw, RetryPolicies? policies = null, bool? elsewhere = null)
    {
        policies ??= RetryPolicies.Default;
        if (policies.Find(record.Service, failure.FailureClass) is not { } policy)
            return new(false, 0, $"{failure.FailureClass} failures are never retried");
        var limit = record.MaxRetries + 1 ?? policy.Attempts;
        var attempt = record.Attempt - record.AttemptsBefore;
        if (attempt >= limit)
            return new(false, 0, $"attempt {attempt} of {limit} failed");

        var backoff = record.Retry is { } own ? policy with { BaseDelayMs = own.BaseDelayMs, MaxDelayMs = own.MaxDelayMs, Multiplier = own.Multiplier } : policy;
        var exclude = RetryExclusion.Of(record, failure);
        if (exclude is { IsMemory: true } && elsewhere == false)
            return new(false, 0, $"it ran out of GPU memory, and no live worker has a device with the {exclude.Target[Exclusion.MemoryPrefix.Length..]} MB that it would need at least");
        var kept = exclude is not null && elsewhere == false;
        if (kept && backoff.MaxDelayMs == 0 && policies.Find(record.Service, FailureClasses.Transient) is { } transient)
            backoff = transient;
        var delay = failure is { FailureClass: FailureClasses.RateLimited, RetryAfterMs: { } told }
            ? Math.Clamp(told, 0, LongestToldMs)
            : backoff.DelayMs(attempt, draw);
        if (kept)
            exclude = null;
        return new(true, delay, Words(attempt, limit, delay, exclude, kept), exclude);
    }

    private static string Words(int attempt, int limit, long delay, RetryExclusion? exclude, bool kept)
    {
        var where = exclude is not null ? $", not at {exclude.Target} for {exclude.ForMs} ms" : kept ? ", at the same place since there is no other" : "";
        return $"attempt {attempt} of {limit} failed, the next in {delay} ms{where}";
    }
}

/// <summary>Where a job is not to be tried again for a while.</summary>
/// <param name="Target">As in <see cref="Exclusion.Target"/>.</param>
/// <param name="ForMs">For how long.</param>
/// <param name="Hard">Whether it cannot do it anyway, so that waiting there is of no use; else it may, when others cannot.</param>
public sealed record RetryExclusion(string Target, long ForMs, bool Hard)
{
    /// <summary>How long what ran out of memory is kept from the same place: others finish meanwhile.</summary>
    public const long ExhaustedMs = 60_000;

    /// <summary>How long what is missing keeps a job away: long enough to try all others, short enough for somebody to mend it.</summary>
    public const long MissingMs = 600_000;

    /// <summary>The device or its driver failed, as connectors name it.</summary>
    private const string GpuError = "gpu_error";

    // A device that was empty but for what its driver keeps had nothing more to give.
    private const double AsGoodAsEmpty = 0.9;

    /// <summary>Steps of a floor, MB, so that jobs of like size share their requirement.</summary>
    private const long FloorStepMb = 256;

    /// <summary>Whether it keeps the job from devices with less free memory, and not from a place.</summary>
    public bool IsMemory => Target.StartsWith(Exclusion.MemoryPrefix, StringComparison.Ordinal);

    /// <summary>GPU memory that an attempt had to itself when it ran out of it, MB (of a device that was as good as empty all of it); null: it failed otherwise, or nobody measured.</summary>
    internal static long? GpuMemoryOf(FailureReport failure) =>
        failure is not { FailureClass: FailureClasses.ResourceExhaustion, GpuMemoryGivenMb: { } given } ? null
            : failure.GpuMemoryTotalMb is { } total && given >= total * AsGoodAsEmpty ? total : given;

    /// <summary>
    /// Where GPU memory ran out and its figures are known: devices with no more of it; else the service instance where the work was
    /// outside, else the worker that did it. Null: the failure asks for none.
    /// </summary>
    internal static RetryExclusion? Of(JobRecord record, FailureReport failure)
    {
        if (GpuMemoryOf(failure) is { } had)
            return new(FormattableString.Invariant($"{Exclusion.MemoryPrefix}{(had / FloorStepMb + 1) * FloorStepMb}"), ExhaustedMs, Hard: false);
        var target = failure.Instance is { Length: > 0 } instance ? Exclusion.InstancePrefix + instance
            : record.LastGrant is { } grant ? Exclusion.WorkerPrefix + grant.WorkerId
            : null;
        return (target, failure.FailureClass) switch
        {
            (null, _) => null,
            (_, FailureClasses.ResourceExhaustion) => new(target, ExhaustedMs, Hard: false),
            (_, FailureClasses.MissingHere) => new(target, MissingMs, Hard: true),
            // A device that failed often fails again, and at once: its worker is always free.
            (_, FailureClasses.Transient) when failure.FailureReason == GpuError => new(target, ExhaustedMs, Hard: false),
            _ => null,
        };
    }
}
