using System.Globalization;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Durations as people write and read them: <c>30s</c>, <c>2m</c>, <c>1h</c>.</summary>
internal static class Durations
{
    /// <summary>Reads <c>500ms</c>, <c>30s</c>, <c>2m</c>, <c>1.5h</c>, or a bare number of seconds; null: it is none.</summary>
    public static TimeSpan? Read(string text)
    {
        var (number, unit) = text switch
        {
            [.. var n, 'm', 's'] => (n, TimeSpan.FromMilliseconds(1)),
            [.. var n, 's'] => (n, TimeSpan.FromSeconds(1)),
            [.. var n, 'm'] => (n, TimeSpan.FromMinutes(1)),
            [.. var n, 'h'] => (n, TimeSpan.FromHours(1)),
            _ => (text, TimeSpan.FromSeconds(1)),
        };
        // No style keeps "-Infinity" out.
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= 0 && value * unit.TotalDays <= 1
            ? value * unit : null;
    }

    /// <summary>About how long, such as <c>8 s</c>, <c>3 min</c>, <c>2.5 h</c>.</summary>
    public static string About(double seconds) => seconds switch
    {
        < 1 => "under 1 s",
        < 90 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 5400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.#} h"),
    };
}
