using OrleansJobGrid.Grains.Queues;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Queues;

public sealed class LearnedKindTests
{
    private const long Clock = 1_785_000_000_000;

    [Fact]
    public void Nothing_is_known_before_a_run()
    {
        var kind = new LearnedKind();
        Assert.Equal((0, null, null, 0L, 0L), (kind.Measured, kind.P50Seconds, kind.P90Seconds, kind.PeakMb, kind.NeededMb(Clock)));
    }

    [Fact]
    public void The_percentiles_are_those_of_the_last_32_runs()
    {
        var kind = new LearnedKind();
        foreach (var seconds in Enumerable.Range(1, 10).Reverse())
            kind.Completed(seconds, null);
        Assert.Equal((10, 5.0, 9.0), (kind.Measured, kind.P50Seconds, kind.P90Seconds));
        foreach (var _ in Enumerable.Range(0, 31))
            kind.Completed(100, null);
        Assert.Equal((32, 100.0, 100.0), (kind.Measured, kind.P50Seconds, kind.P90Seconds));
    }

    [Fact]
    public void The_peak_is_the_most_of_the_runs_that_told_their_memory()
    {
        var kind = new LearnedKind();
        kind.Completed(1, 8_000);
        kind.Completed(1, 12_000);
        kind.Completed(1, null);
        kind.Completed(1, 0);
        Assert.Equal(12_000, kind.PeakMb);
        foreach (var _ in Enumerable.Range(0, 32))
            kind.Completed(1, 9_000);
        Assert.Equal(9_000, kind.PeakMb);
    }

    [Fact]
    public void An_out_of_memory_raises_the_need_above_what_was_there_until_its_age_is_over()
    {
        var kind = new LearnedKind();
        kind.Completed(1, 8_000);
        kind.RanOut(16_000, Clock);
        var end = Clock + (long)LearnedKind.FloorAge.TotalMilliseconds;
        Assert.Equal((16_001, 16_001, 8_000), (kind.NeededMb(Clock), kind.NeededMb(end - 1), kind.NeededMb(end)));
    }

    [Fact]
    public void A_floor_in_force_is_only_raised_and_one_that_is_over_forgotten()
    {
        var kind = new LearnedKind();
        kind.RanOut(24_000, Clock);
        kind.RanOut(16_000, Clock + 1);
        Assert.Equal(24_001, kind.FloorMb);
        var later = Clock + 1 + (long)LearnedKind.FloorAge.TotalMilliseconds;
        kind.RanOut(16_000, later);
        Assert.Equal(16_001, kind.NeededMb(later));
    }

    [Fact]
    public void What_is_restored_from_a_snapshot_knows_the_same()
    {
        var kind = new LearnedKind();
        foreach (var n in Enumerable.Range(1, 40))
            kind.Completed(n / 3.0, n % 3 == 0 ? 100 * n : null);
        kind.RanOut(16_000, Clock);
        var again = new LearnedKind();
        again.Restore(kind.Snapshot());
        Assert.Equal((kind.Measured, kind.PeakMb, kind.FloorMb, kind.FloorUntil), (again.Measured, again.PeakMb, again.FloorMb, again.FloorUntil));
        Assert.Equal(kind.P50Seconds!.Value, again.P50Seconds!.Value, 0.001);
        Assert.Equal(kind.P90Seconds!.Value, again.P90Seconds!.Value, 0.001);
    }
}
