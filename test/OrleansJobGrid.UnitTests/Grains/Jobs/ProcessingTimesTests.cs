using CsCheck;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Jobs;

public sealed class ProcessingTimesTests
{
    [Fact]
    public void Of_NothingCounted_IsZero() => Assert.Equal((0, 0), ProcessingTimes.Of(new Dictionary<string, long> { ["completed"] = 3 }));

    [Fact]
    public void Of_AnySamples_GivesTheirMean_AndAnUpperBoundOfTheir95thPercentileWithinItsBucket() =>
        Gen.OneOf(Gen.Long[0, 100], Gen.Long[0, 10_000_000]).Array[1, 200].Sample(samples =>
        {
            var (average, p95) = ProcessingTimes.Of(Counted(samples));
            Array.Sort(samples);
            var exact = samples[(int)Math.Ceiling(samples.Length * 0.95) - 1];

            Assert.Equal(samples.Average(), average, 1e-6);
            Assert.True(p95 >= exact, $"{p95} is below the 95th percentile {exact}");
            // One decimal is lost to rounding; 1 ms is the first bucket's bound.
            Assert.True(p95 <= Math.Max(1, exact * 1.5) + 0.05, $"{p95} is beyond the bucket of {exact}");
        });

    private static Dictionary<string, long> Counted(long[] samples)
    {
        var increments = new List<CounterIncrement>();
        foreach (var sample in samples)
            ProcessingTimes.Count(increments, sample);
        return increments.GroupBy(i => i.Name).ToDictionary(g => g.Key, g => g.Sum(i => i.By));
    }
}
