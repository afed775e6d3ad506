using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.UnitTests.Workers.Gpu;

public sealed class GpuFreeMemoryTests
{
    [Theory]
    [InlineData(23_000L, 24_000L, 0, 23_000L)]
    // Just granted: nothing shows yet.
    [InlineData(23_000L, 24_000L, 10_000, 14_000L)]
    // It took more than its envelope, and the reading shows it.
    [InlineData(5_000L, 24_000L, 10_000, 5_000L)]
    [InlineData(23_000L, 24_000L, 30_000, 0L)]
    // Declared, by no driver.
    [InlineData(null, 24_000L, 4_000, 20_000L)]
    [InlineData(8_000L, null, 4_000, 8_000L)]
    [InlineData(null, null, 4_000, null)]
    public void Of_IsTheLeastOfReadingAndWhatEnvelopesLeave(long? free, long? total, long envelopes, long? expected) =>
        Assert.Equal(expected, GpuFreeMemory.Of(free, total, envelopes));
}
