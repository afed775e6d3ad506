using System.Globalization;

namespace OrleansJobGrid.TestKit.Outside;

/// <summary>A line of the outside service's log.</summary>
public sealed record ServiceEvent(long Number, string Boot, DateTimeOffset At, string What, string ExternalId, string JobId)
{
    public static ServiceEvent Parse(string line)
    {
        var words = line.Split(' ');
        return new(
            long.Parse(words[0], CultureInfo.InvariantCulture),
            words[1],
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(words[2], CultureInfo.InvariantCulture)),
            words[3],
            words[4],
            words[5]);
    }
}
