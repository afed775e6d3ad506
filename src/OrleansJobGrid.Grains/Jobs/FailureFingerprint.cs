using System.Text;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Groups dead letters: failures of one kind have one fingerprint, whatever numbers and ids their messages hold.</summary>
public static class FailureFingerprint
{
    private const int Characters = 200;

    /// <summary>16 hex digits over service, kind and the message's first line without digits.</summary>
    public static string Of(string service, string kind, string message)
    {
        var line = message.AsSpan(0, message.IndexOf('\n') is var end && end < 0 ? message.Length : end);
        var text = new StringBuilder($"{service}\n{kind}\n");
        foreach (var word in line[..Math.Min(line.Length, Characters)].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries))
            text.Append(word.Any(char.IsAsciiDigit) ? "#" : word).Append(' ');
        return TextHash.Of(text.ToString()).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }
}
