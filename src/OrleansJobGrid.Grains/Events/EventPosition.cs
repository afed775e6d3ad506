using System.Globalization;

namespace OrleansJobGrid.Grains.Events;

/// <summary>A place in the outbox: for each shard the number up to which everything is done; written as the numbers with dots between.</summary>
internal static class EventPosition
{
    public const string Now = "now";
    public const string Oldest = "oldest";

    public static string Format(IEnumerable<long> numbers) => string.Join('.', numbers.Select(n => n.ToString(CultureInfo.InvariantCulture)));

    /// <exception cref="ArgumentException">It is none of a grid with so many shards.</exception>
    public static long[] Parse(string text, int shards)
    {
        var parts = text.Split('.');
        var numbers = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                throw Wrong(text);
        return numbers.Length == shards ? numbers : throw Wrong(text);
    }

    public static ArgumentException Wrong(string position) =>
        new($"'{(position.Length <= 160 ? position : position[..160] + "…")}' is no position of this grid: take it from an event or a page.", nameof(position));
}
