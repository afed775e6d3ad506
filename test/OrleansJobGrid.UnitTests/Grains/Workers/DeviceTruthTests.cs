using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Workers;
using Xunit;
using static OrleansJobGrid.UnitTests.Grains.Workers.Known;

namespace OrleansJobGrid.UnitTests.Grains.Workers;

public sealed class DeviceTruthTests
{
    [Theory]
    [InlineData(80_000, 24_000L, 24_000)]
    [InlineData(16_000, 24_000L, 16_000)]
    [InlineData(80_000, null, 80_000)]
    public void No_more_memory_counts_than_was_measured(long declared, long? measured, long counts) =>
        Assert.Equal(counts, DeviceTruth.Of(new WorkerCapabilities { Hardware = new() { GpuMemoryMb = declared } }, measured).Hardware!.GpuMemoryMb);

    [Fact]
    public void A_worker_without_a_device_stays_as_it_says() =>
        Assert.Equal(WorkerCapabilities.None, DeviceTruth.Of(WorkerCapabilities.None, 24_000));

    [Theory]
    [InlineData(30_000L, 24_000L, 24_000L)]
    [InlineData(-5L, 24_000L, 0L)]
    [InlineData(10_000L, 24_000L, 10_000L)]
    [InlineData(10_000L, null, 10_000L)]
    [InlineData(null, 24_000L, null)]
    public void Free_memory_lies_between_nothing_and_all(long? free, long? total, long? counts) =>
        Assert.Equal(counts, DeviceTruth.Of(new ClaimFacts { FreeGpuMemoryMb = free, TotalGpuMemoryMb = total }).FreeGpuMemoryMb);

    [Fact]
    public void What_cannot_be_true_is_told()
    {
        var declared = new WorkerCapabilities { Hardware = new() { GpuMemoryMb = 80_000 } };
        Assert.Equal(
            ["it tells of 30000 MB free GPU memory of 24000 MB; 24000 MB count", "it declares 80000 MB of GPU memory, and its driver measured 24000 MB, which count"],
            DeviceTruth.Doubts(declared, Gpu(24_000, 30_000)));
        Assert.Empty(DeviceTruth.Doubts(declared, Gpu(80_000, 80_000)));
        Assert.Empty(DeviceTruth.Doubts(declared, null));
        Assert.Equal(24_000, Worker("w", declared, measuredMb: 24_000).Match.Capabilities.Hardware!.GpuMemoryMb);
    }
}
