using System.Globalization;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>
/// How a class of failure is tried again at a service, section <c>JobGrid:Retries:SERVICE:CLASS</c>; the service <c>*</c> is every one that
/// has no own. What is left out is as for <c>*</c>, then as for the class.
/// </summary>
public sealed class RetryOptions
{
    /// <summary>Attempts in all, 1 to 1,001. More rides out longer faults, and burns as many.</summary>
    public int? Attempts { get; set; }

    /// <summary>Delay after the first attempt, 0 to 7 days; 0: at once.</summary>
    public TimeSpan? BaseDelay { get; set; }

    /// <summary>Longest delay, from <see cref="BaseDelay"/> to 7 days.</summary>
    public TimeSpan? MaxDelay { get; set; }

    /// <summary>Growth of the delay with each attempt, 1 to 10.</summary>
    public double? Multiplier { get; set; }
}

/// <summary>Checks <see cref="JobGridOptions.Retries"/> and makes policies of it.</summary>
public sealed class RetryOptionsReader : IValidateOptions<JobGridOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, JobGridOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Read(options, out var errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>Reads the policies.</summary>
    /// <param name="options">The configuration.</param>
    /// <param name="errors">All that is wrong, each naming its setting and the mend; empty: the policies may be used.</param>
    public static RetryPolicies Read(JobGridOptions options, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wrong = new List<string>();
        var policies = new Dictionary<(string, string), RetryPolicy>();
        // Those of every service first, since the others build on them.
        foreach (var (service, classes) in options.Retries.OrderBy(r => r.Key != RetryPolicies.EveryService))
        {
            foreach (var (failureClass, own) in classes)
            {
                var setting = $"JobGrid:Retries:{service}:{failureClass}";
                if (RetryPolicies.FindDefault(failureClass) is not { } usual)
                {
                    wrong.Add(NeverRetried(failureClass)
                        ? $"{setting}: {failureClass} failures are never tried again, since another attempt would fail as well: remove it"
                        : $"{setting}: '{failureClass}' is no class of failure: use one of {string.Join(", ", RetryPolicies.Classes.Order(StringComparer.Ordinal))}");
                    continue;
                }
                if (Read(setting, own, policies.GetValueOrDefault((RetryPolicies.EveryService, failureClass), usual), wrong) is { } policy)
                    policies[(service, failureClass)] = policy;
            }
        }
        errors = wrong;
        return new(policies);
    }

    private static RetryPolicy? Read(string setting, RetryOptions own, RetryPolicy above, List<string> wrong)
    {
        var before = wrong.Count;
        var longest = JobSubmissionLimits.LongestBackoff;
        if (own.Attempts is < 1 or > JobSubmissionLimits.MaxRetries + 1)
            wrong.Add($"{setting}:Attempts is {own.Attempts}: use 1 to {JobSubmissionLimits.MaxRetries + 1}");
        if (own.BaseDelay < TimeSpan.Zero || own.BaseDelay > longest)
            wrong.Add($"{setting}:BaseDelay is {own.BaseDelay}: use 0 to {longest.TotalDays} days");
        if (own.MaxDelay < TimeSpan.Zero || own.MaxDelay > longest)
            wrong.Add($"{setting}:MaxDelay is {own.MaxDelay}: use 0 to {longest.TotalDays} days");
        if (own.Multiplier is { } multiplier && !(multiplier is >= 1 and <= JobSubmissionLimits.MaxBackoffMultiplier))
            wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{setting}:Multiplier is {multiplier}: use 1 to {JobSubmissionLimits.MaxBackoffMultiplier}"));
        if (wrong.Count > before)
            return null;
        var baseDelay = own.BaseDelay is { } from ? (long)from.TotalMilliseconds : above.BaseDelayMs;
        // Where only the first delay is named and nothing above it is longer, every delay is that one.
        var maxDelay = own.MaxDelay is { } to ? (long)to.TotalMilliseconds : Math.Max(above.MaxDelayMs, baseDelay);
        if (maxDelay < baseDelay)
        {
            wrong.Add($"{setting}:MaxDelay is {TimeSpan.FromMilliseconds(maxDelay)}, shorter than the BaseDelay {TimeSpan.FromMilliseconds(baseDelay)}: raise it, or lower BaseDelay");
            return null;
        }
        return new(own.Attempts ?? above.Attempts, baseDelay, maxDelay, own.Multiplier ?? above.Multiplier);
    }

    private static bool NeverRetried(string failureClass) =>
        failureClass is FailureClasses.Malformed or FailureClasses.Refused or FailureClasses.Unauthorized;
}
