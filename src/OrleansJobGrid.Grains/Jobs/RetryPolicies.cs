using System.Collections.Frozen;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>How often and how fast a class of failure is tried again.</summary>
/// <param name="Attempts">Attempts in all, at least 1.</param>
/// <param name="BaseDelayMs">The delay after the first attempt; 0: at once.</param>
/// <param name="MaxDelayMs">The longest delay.</param>
/// <param name="Multiplier">Growth with each attempt, at least 1.</param>
public sealed record RetryPolicy(int Attempts, long BaseDelayMs, long MaxDelayMs, double Multiplier)
{
    /// <summary>The delay after an attempt (from 1), spread by a draw of 0 to 1 over 75 to 125 % and never above the longest.</summary>
    public long DelayMs(int attempt, double draw)
    {
        // A base of 0 stays 0, also where the growth overflows to infinity.
        var middle = BaseDelayMs == 0 ? 0 : Math.Min(BaseDelayMs * Math.Pow(Multiplier, attempt - 1), MaxDelayMs);
        var spread = middle * (0.75 + draw / 2);
        // What would be too long is mirrored at the longest, so that delays stay spread there too.
        return (long)(spread > MaxDelayMs ? 2.0 * MaxDelayMs - spread : spread);
    }
}

/// <summary>The policies of all services: a service's own, else those of <c>*</c>, else the class's.</summary>
public sealed class RetryPolicies
{
    /// <summary>The name that stands for every service.</summary>
    public const string EveryService = "*";

    private static readonly FrozenDictionary<string, RetryPolicy> OfClasses = new Dictionary<string, RetryPolicy>
    {
        [FailureClasses.Transient] = new(5, 2_000, 3_600_000, 2),
        [FailureClasses.RateLimited] = new(5, 2_000, 3_600_000, 2),
        [FailureClasses.ResourceExhaustion] = new(3, 0, 0, 1),
        [FailureClasses.MissingHere] = new(5, 0, 0, 1),
    }.ToFrozenDictionary();

    private readonly FrozenDictionary<(string Service, string Class), RetryPolicy> _own;

    /// <summary>Makes policies.</summary>
    /// <param name="own">What differs from the classes' own, by service (or <see cref="EveryService"/>) and class.</param>
    public RetryPolicies(IReadOnlyDictionary<(string Service, string Class), RetryPolicy> own) => _own = own.ToFrozenDictionary();

    /// <summary>The classes' own, for every service.</summary>
    public static RetryPolicies Default { get; } = new(new Dictionary<(string, string), RetryPolicy>());

    /// <summary>The classes that may be tried again.</summary>
    public static IEnumerable<string> Classes => OfClasses.Keys;

    /// <summary>The policy of a class that no configuration changes; null: it is never tried again.</summary>
    public static RetryPolicy? FindDefault(string failureClass) => OfClasses.GetValueOrDefault(failureClass);

    /// <summary>The policy; null: such failures are never tried again.</summary>
    public RetryPolicy? Find(string service, string failureClass) =>
        _own.TryGetValue((service, failureClass), out var own) || _own.TryGetValue((EveryService, failureClass), out own)
            ? own : FindDefault(failureClass);
}
