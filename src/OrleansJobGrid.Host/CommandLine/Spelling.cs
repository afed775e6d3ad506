namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Finds the name that was probably meant.</summary>
internal static class Spelling
{
    /// <summary>The nearest of <paramref name="names"/> within a third of its length, by Levenshtein distance; else null.</summary>
    public static string? Nearest(string written, IEnumerable<string> names)
    {
        var (nearest, distance) = names.Select(n => (Name: n, Distance: Distance(written, n))).MinBy(n => n.Distance);
        return nearest is not null && distance <= Math.Max(2, nearest.Length / 3) ? nearest : null;
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
