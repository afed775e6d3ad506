using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>What must hold of a JSON text before its fields are looked at.</summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text without a byte order mark, which some editors put before it.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> json) => json.StartsWith(ByteOrderMark) ? json[3..] : json;

    /// <summary>
    /// What is wrong with the encoding, or null. The JSON reader skips over strings without looking at their encoding, and a half
    /// of a surrogate pair would fail only in whoever reads the payload later.
    /// </summary>
    public static string? EncodingError(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            return "is not valid UTF-8: send JSON in UTF-8";
        return UnpairedSurrogate(json) is { } at
            ? $"holds half of a surrogate pair at byte {at + 1}: write both halves (\\ud83d\\ude00) or the character itself"
            : null;
    }

    /// <summary>A parser's complaint in words with the place, lines and bytes counted from 1.</summary>
    public static string Malformed(JsonException e)
    {
        var cut = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        var what = (cut < 0 ? e.Message : e.Message[..cut]).TrimEnd('.');
        return $"is not valid JSON at line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}: {what}";
    }

    private static int? UnpairedSurrogate(ReadOnlySpan<byte> json)
    {
        for (var at = 0; ;)
        {
            var next = json[at..].IndexOf((byte)'\\');
            if (next < 0)
                return null;
            at += next;
            if (Escape(json, at) is not { } unit)
            {
                at = Math.Min(at + 2, json.Length);
            }
            else if (char.IsHighSurrogate(unit))
            {
                if (Escape(json, at + 6) is not { } low || !char.IsLowSurrogate(low))
                    return at;
                at += 12;
            }
            else if (char.IsLowSurrogate(unit))
            {
                return at;
            }
            else
            {
                at += 6;
            }
        }
    }

    private static char? Escape(ReadOnlySpan<byte> json, int at) =>
        json.Length >= at + 6 && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
