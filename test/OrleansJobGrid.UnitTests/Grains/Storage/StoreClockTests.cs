using CsCheck;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Grains.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Grains.Storage;

public sealed class StoreClockTests
{
    [Fact]
    public void Now_BeforeTheFirstAnswer_IsZero() => Assert.Equal(0, new StoreClock(new FakeTimeProvider()).Now);

    [Fact]
    public void Now_AfterAnAnswer_GoesOnWithTheTimeThatPasses()
    {
        var time = new FakeTimeProvider();
        var clock = new StoreClock(time);
        Assert.Equal(1_000_000, clock.Observe(1_000_000));
        time.Advance(TimeSpan.FromMilliseconds(250));

        Assert.Equal(1_000_250, clock.Now);
        Assert.Equal(1_000_250, clock.Observe(1_000_100));
        Assert.Equal(1_009_000, clock.Observe(1_009_000));
        Assert.Equal(1_009_000, clock.Now);
    }

    [Fact]
    public void Now_WhenTheStoresClockGoesSlower_WaitsForItAndThenKeepsItsPace()
    {
        var time = new FakeTimeProvider();
        var clock = new StoreClock(time);
        clock.Observe(1_000_000);
        time.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(1_006_000, clock.Observe(1_003_000));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1_006_000, clock.Now);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1_007_000, clock.Now);
    }

    [Fact]
    public void Now_WhateverTheStoreAnswers_NeverGoesBack_AndIsNeverBelowAnAnswer() =>
        Gen.Select(Gen.Int[0, 5_000], Gen.Long[1, 20_000]).Array[1, 50].Sample(steps =>
        {
            var time = new FakeTimeProvider();
            var clock = new StoreClock(time);
            var before = 0L;
            foreach (var (tenths, answer) in steps)
            {
                time.Advance(TimeSpan.FromMilliseconds(tenths / 10.0));
                Assert.True(clock.Now >= before);
                var observed = clock.Observe(answer);
                Assert.True(observed >= answer && observed >= before);
                before = clock.Now;
                Assert.Equal(observed, before);
            }
        });
}
