using System.Globalization;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>How long a service asks to be left alone: RFC 9110, section 10.2.3, and what providers write into their messages.</summary>
public static class RetryAfterHeader
{
    // "Please try again in 6m0s", "Please retry in 20.5s", "try again in 350ms", "retry after 30 seconds".
    private static readonly Regex InWords = new(
        @"\b(?:try again|retry)\s+(?:in|after)\s+(?:(?<n>[0-9]{1,7}(?:\.[0-9]{1,9})?)\s*(?<u>ms|milliseconds?|s|secs?|seconds?)\b" +
        @"|(?<m>[0-9]{1,5})\s*(?:minutes?|mins?|m)(?:\s*(?<n>[0-9]{1,7}(?:\.[0-9]{1,9})?)\s*(?<u>s|secs?|seconds?))?\b)",
        RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Reads the header: seconds, or a date. Null where it is absent or unreadable; a time that is over is zero.</summary>
    /// <param name="value">The header's value.</param>
    /// <param name="now">The time that a date is compared with.</param>
    public static TimeSpan? Read(string? value, DateTimeOffset now)
    {
        if (!RetryConditionHeaderValue.TryParse(value, out var read))
            return null;
        var wait = read.Delta ?? read.Date!.Value - now;
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    /// <summary>Finds it in a message, such as <c>Please try again in 6m0s.</c>; null where it says nothing of the kind.</summary>
    public static TimeSpan? ReadFromMessage(string message)
    {
        var match = InWords.Match(message);
        if (!match.Success)
            return null;
        var wait = match.Groups["m"].Success ? TimeSpan.FromMinutes(Number(match.Groups["m"])) : TimeSpan.Zero;
        if (!match.Groups["n"].Success)
            return wait;
        var number = Number(match.Groups["n"]);
        return wait + (match.Groups["u"].Value[0] is 'm' or 'M' ? TimeSpan.FromMilliseconds(number) : TimeSpan.FromSeconds(number));
    }

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);
}
