using System.Text.Json;

namespace OrleansJobGrid.Grains.Artefacts;

/// <summary>Finds the ids of uploads (<c>sha256-HEX</c>) in JSON, in any text of it: alone, in an address, or among other words.</summary>
internal static class UploadNames
{
    private const string Prefix = "sha256-";
    private const int HexLength = 64;

    /// <summary>Calls <paramref name="found"/> with each; one that stands there twice comes twice.</summary>
    /// <exception cref="JsonException">It is no JSON. Not thrown where there cannot be a name in it.</exception>
    public static void Find(ReadOnlySpan<byte> json, Action<string> found)
    {
        // Most payloads name none. An escape may stand for any letter of a name.
        if (json.IndexOf("sha256-"u8) < 0 && json.IndexOf("\\u"u8) < 0)
            return;
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueSpan.Length >= Prefix.Length + HexLength)
                FindInText(reader.GetString()!, found);
        }
    }

    private static void FindInText(string text, Action<string> found)
    {
        for (var at = text.IndexOf(Prefix, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Prefix, at + Prefix.Length, StringComparison.Ordinal))
        {
            var id = text.AsSpan(at);
            if (id.Length >= Prefix.Length + HexLength && IsHash(id.Slice(Prefix.Length, HexLength)))
                found(new string(id[..(Prefix.Length + HexLength)]));
        }
    }

    private static bool IsHash(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        }

        return true;
    }
}
