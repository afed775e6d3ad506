using System.Globalization;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Processing times as counters of the store: a sum, and a histogram whose buckets grow by a factor of 1.5 from 1 ms.</summary>
public static class ProcessingTimes
{
    private const string Sum = "processing_ms";
    private const string BucketPrefix = "processing_bucket:";
    private const double Growth = 1.5;

    /// <summary>Counts one.</summary>
    public static void Count(List<CounterIncrement> counters, long milliseconds)
    {
        counters.Add(new(Sum, milliseconds));
        counters.Add(new(BucketPrefix + Bucket(milliseconds).ToString(CultureInfo.InvariantCulture), 1));
    }

    /// <summary>Mean, and the upper bound of the bucket that holds the 95th percentile; 0 where nothing was counted.</summary>
    public static (double Average, double P95) Of(IReadOnlyDictionary<string, long> counters)
    {
        var buckets = counters
            .Where(c => c.Key.StartsWith(BucketPrefix, StringComparison.Ordinal))
            .Select(c => (Index: int.Parse(c.Key.AsSpan(BucketPrefix.Length), CultureInfo.InvariantCulture), Count: c.Value))
            .OrderBy(b => b.Index)
            .ToList();
        var total = buckets.Sum(b => b.Count);
        if (total == 0)
            return (0, 0);
        var rank = (long)Math.Ceiling(total * 0.95);
        var seen = 0L;
        var p95 = buckets.First(b => (seen += b.Count) >= rank).Index;
        return (counters[Sum] / (double)total, Math.Round(Math.Pow(Growth, p95), 1));
    }

    private static int Bucket(long milliseconds) => milliseconds <= 1 ? 0 : (int)Math.Ceiling(Math.Log(milliseconds, Growth));
}
