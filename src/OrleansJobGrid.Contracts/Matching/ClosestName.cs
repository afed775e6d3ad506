namespace OrleansJobGrid.Contracts.Matching;

/// <summary>Which known name was probably meant by a wrong one.</summary>
public static class ClosestName
{
    private const int LongestName = 40;

    /// <summary>The nearest name, where it is near enough to have been meant; else null. Case, <c>_</c> and <c>-</c> make no difference.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        if (name.Length > LongestName)
            return null;
        var plain = Plain(name);
        var (best, distance) = known.Select(c => (c, Distance(plain, Plain(c)))).MinBy(c => c.Item2);
        return distance <= Math.Min(2, best.Length / 3) ? best : null;
    }

    // maxRetries, max-retries and MAX_RETRIES all mean max_retries.
    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    // Levenshtein's distance, by rows.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? diagonal : diagonal + 1;
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
