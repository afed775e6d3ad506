using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers.Gpu;

public sealed class GpuMonitorTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeGpuProbe _probe = new(Gpus.Reading(0), Gpus.Reading(1, used: 2_000));
    private readonly GpuMonitor _monitor;

    public GpuMonitorTests() => _monitor = new(_probe, _time, NullLogger<GpuMonitor>.Instance);

    [Fact]
    public void Of_IsTheLastReadingOfThatDevice()
    {
        Assert.Null(_monitor.Of("GPU-0"));
        _monitor.Read();

        var view = _monitor.Of("GPU-1")!.View;
        Assert.Equal(("GPU-1", "575.1", 24_000L, 22_000L, 1, null), (view.Uuid, view.Driver, view.MemoryTotalMb, view.MemoryFreeMb, view.Processes, view.Fault));
        Assert.Null(_monitor.Of("GPU-9"));
        Assert.Null(_monitor.Of(null));
    }

    [Fact]
    public void Of_WhenTheProbeFails_IsTheReadingBeforeWithTheFaultUntilItReadsAgain()
    {
        var good = _probe.Reads;
        _monitor.Read();
        _probe.Reads = () => throw new InvalidOperationException("NVML says 999");
        _monitor.Read();
        Assert.Equal(("the probe failed: NVML says 999", 23_000L), (_monitor.Of("GPU-0")!.Fault, _monitor.Of("GPU-0")!.Reading.MemoryFreeMb));

        _probe.Reads = () => Gpus.None;
        _monitor.Read();
        Assert.Contains("libnvidia-ml.so.1 is not there", _monitor.Of("GPU-0")!.Fault);

        _probe.Reads = good;
        _monitor.Read();
        Assert.Null(_monitor.Of("GPU-0")!.Fault);
    }

    [Fact]
    public void Of_WhenOneDeviceIsGone_IsAFaultOfThatOneOnly()
    {
        _monitor.Read();
        _probe.Reads = () => Gpus.Found(Gpus.Reading(1));
        _monitor.Read();
        Assert.Equal("the driver does not list it any more", _monitor.Of("GPU-0")!.Fault);
        Assert.Null(_monitor.Of("GPU-1")!.Fault);
    }

    [Fact]
    public void Of_WhenTheProbeNamesAFault_SaysItAndWhetherTheReadingIsOld()
    {
        _monitor.Read();
        _probe.Reads = () => Gpus.Found(Gpus.Reading(1)) with { Faults = [new(0, "GPU-0", "GPU 0 is lost."), new(1, "GPU-1", "GPU 1 tells no temperature.")] };
        _monitor.Read();
        Assert.Equal(("GPU 0 is lost.", true), (_monitor.Of("GPU-0")!.Fault, _monitor.Of("GPU-0")!.IsOld));
        Assert.Equal(("GPU 1 tells no temperature.", false), (_monitor.Of("GPU-1")!.Fault, _monitor.Of("GPU-1")!.IsOld));
    }

    [Fact]
    public void Of_WhenNoReadingComes_IsAFault()
    {
        _monitor.Read();
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Null(_monitor.Of("GPU-0")!.Fault);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("no reading for 7 s", _monitor.Of("GPU-0")!.Fault);
    }

    [Fact]
    public void Of_SaysThatItIsGoneWhereTheDriverListsItNoMoreAndNotWhereOneReadingFailed()
    {
        var good = _probe.Reads;
        _monitor.Read();
        Assert.False(_monitor.Of("GPU-0")!.View.Gone);

        _probe.Reads = () => Gpus.Found(Gpus.Reading(1)) with { Faults = [new(0, "GPU-0", "GPU 0 is lost.")] };
        _monitor.Read();
        Assert.Equal((true, false), (_monitor.Of("GPU-0")!.View.Gone, _monitor.Of("GPU-1")!.View.Gone));

        // It stays so while nobody can say that it is back.
        _probe.Reads = () => throw new InvalidOperationException("NVML says 999");
        _monitor.Read();
        Assert.Equal((true, false), (_monitor.Of("GPU-0")!.View.Gone, _monitor.Of("GPU-1")!.View.Gone));

        _probe.Reads = () => Gpus.None;
        _monitor.Read();
        Assert.Equal((true, true), (_monitor.Of("GPU-0")!.View.Gone, _monitor.Of("GPU-1")!.View.Gone));

        _probe.Reads = good;
        _monitor.Read();
        Assert.Equal((false, false), (_monitor.Of("GPU-0")!.View.Gone, _monitor.Of("GPU-1")!.View.Gone));
    }

    [Fact]
    public void Of_SaysThatItIsGoneWhereTheDriverHasNotAnsweredForHalfAMinute()
    {
        _monitor.Read();
        _probe.Reads = () => throw new InvalidOperationException("NVML says 999");
        _time.Advance(TimeSpan.FromSeconds(29));
        _monitor.Read();
        Assert.False(_monitor.Of("GPU-0")!.IsGone);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((true, "the probe failed: NVML says 999"), (_monitor.Of("GPU-0")!.IsGone, _monitor.Of("GPU-0")!.Fault));
    }

    [Fact]
    public async Task Run_ReadsEachSecond()
    {
        using var over = new CancellationTokenSource();
        var reads = 0;
        _probe.Reads = () => Gpus.Found(Gpus.Reading(0, used: ++reads));
        var run = _monitor.Run(over.Token);
        for (var i = 1; i <= 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.Holds(() => _monitor.Of("GPU-0")?.Reading.MemoryUsedMb == i, $"reading {i}");
        }

        await over.CancelAsync();
        await run;
    }

    [Fact]
    public void Watch_SaysByHowMuchTheUseRoseWhileTheAttemptRanAlone()
    {
        _monitor.Read();
        using var watch = _monitor.Watch("GPU-0")!;
        Assert.Null(watch.PeakMb);
        foreach (var used in (long[])[6_000, 9_000, 2_000])
        {
            _probe.Reads = () => Gpus.Found(Gpus.Reading(0, used: used), Gpus.Reading(1));
            _monitor.Read();
        }

        Assert.Equal(8_000, watch.PeakMb);
        // On another device it disturbs nothing.
        using var elsewhere = _monitor.Watch("GPU-1");
        Assert.Equal(8_000, watch.PeakMb);
        using var beside = _monitor.Watch("GPU-0")!;
        _monitor.Read();
        Assert.Null(watch.PeakMb);
        Assert.Null(beside.PeakMb);
    }

    [Fact]
    public void Watch_AfterAnotherHasEnded_IsAlone()
    {
        _monitor.Read();
        _monitor.Watch("GPU-0")!.Dispose();
        using var watch = _monitor.Watch("GPU-0")!;
        _monitor.Read();
        Assert.Equal(0, watch.PeakMb);
        Assert.Null(_monitor.Watch(null));
    }
}
