using System.Globalization;
using System.Text.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Moments in submissions: ISO 8601 with its zone, or Unix ms.</summary>
internal static class SubmissionTimes
{
    /// <summary>Smaller numbers (before March 1973) are taken for seconds, and refused.</summary>
    public const long Earliest = 100_000_000_000;

    /// <summary>The end of the year 9999.</summary>
    public const long Latest = 253_402_300_799_999;

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>The moment of a token, in Unix ms; null with what is wrong.</summary>
    public static long? Read(ref Utf8JsonReader reader, out string? error)
    {
        const string mend = "give ISO 8601 with its zone (2026-01-31T12:00:00Z) or Unix milliseconds";
        error = null;
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (reader.TryGetInt64(out var ms) && ms is >= Earliest and <= Latest)
                return ms;
            error = reader.TryGetInt64(out ms) && ms is >= Earliest / 1000 and < Earliest
                ? "looks like Unix seconds: give Unix milliseconds, a thousand times as much"
                : "is not a moment between 1973 and 9999: " + mend;
            return null;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            error = "must be a moment: " + mend;
            return null;
        }

        var text = reader.ValueSpan.Length <= 64 ? reader.GetString()! : "";
        if (!DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment))
        {
            error = "is not a moment: " + mend;
            return null;
        }

        if (!HasZone(text))
        {
            error = "has no time zone: end it with Z or an offset such as +02:00";
            return null;
        }

        var unix = moment.ToUnixTimeMilliseconds();
        if (unix is >= Earliest and <= Latest)
            return unix;
        error = "is not a moment between 1973 and 9999: " + mend;
        return null;
    }

    private static bool HasZone(string text) => text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
}
