using System.Globalization;
using System.Text;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>The end of what a process wrote to one stream, and the progress lines in it.</summary>
/// <param name="keptBytes">How much of the end is kept, in bytes of JSON text.</param>
/// <param name="line">Called with each short line; null: lines do not matter.</param>
internal sealed class CapturedOutput(int keptBytes, Action<string>? line)
{
    private const int LongestLine = 256;
    private readonly byte[] _ring = new byte[keptBytes];
    private readonly List<byte> _line = [];
    private long _total;

    internal async Task ReadAsync(Stream stream, Action<int> count)
    {
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer)) > 0)
        {
            Append(buffer.AsSpan(0, read));
            count(read);
        }
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            _ring[_total++ % _ring.Length] = b;
            if (line is null)
                continue;
            if (b == '\n')
            {
                if (_line.Count <= LongestLine)
                    line(Encoding.UTF8.GetString([.. _line]).TrimEnd('\r'));
                _line.Clear();
            }
            else if (_line.Count <= LongestLine)
            {
                _line.Add(b);
            }
        }
    }

    /// <summary>The end of the stream as text, and whether something before it was left out.</summary>
    internal (string Text, bool Truncated) End()
    {
        var kept = (int)Math.Min(_total, _ring.Length);
        var bytes = new byte[kept];
        for (var i = 0; i < kept; i++)
            bytes[i] = _ring[(_total - kept + i) % _ring.Length];
        var from = 0;
        // A cut may fall inside a character: its rest goes too.
        while (_total > kept && from < Math.Min(3, kept) && (bytes[from] & 0xC0) == 0x80)
            from++;
        var text = Encoding.UTF8.GetString(bytes.AsSpan(from));
        var start = text.Length;
        for (var room = keptBytes; start > 0 && (room -= JsonBytes(text[start - 1])) >= 0;)
            start--;
        if (start > 0 && start < text.Length && char.IsLowSurrogate(text[start]))
            start++;
        return (text[start..], _total > kept || start > 0);
    }

    /// <summary>The length of a character as JSON text, where everything beyond plain ASCII is escaped.</summary>
    private static int JsonBytes(char c) => c switch
    {
        '\n' or '\r' or '\t' or '\\' => 2,
        '"' or '\'' or '<' or '>' or '&' or '+' or '`' => 6,
        >= ' ' and < '\x7f' => 1,
        _ => 6,
    };

    /// <summary>Reads <c>progress: N</c> or <c>progress: N text</c>, N from 0 to 100.</summary>
    internal static bool TryReadProgress(string line, out double percent, out string? message)
    {
        const string prefix = "progress:";
        (percent, message) = (0, null);
        if (!line.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        var parts = line[prefix.Length..].Trim().Split(' ', 2);
        if (!double.TryParse(parts[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out percent) || percent is not (>= 0 and <= 100))
            return false;
        message = parts.Length > 1 ? parts[1].Trim() : null;
        return true;
    }
}
