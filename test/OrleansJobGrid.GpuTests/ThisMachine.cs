using OrleansJobGrid.Workers.Gpu;
using Xunit;

namespace OrleansJobGrid.GpuTests;

internal static class ThisMachine
{
    /// <summary>One test after the other: some look at how much memory of the GPU is taken, some take it all.</summary>
    public const string Collection = "gpu";

    /// <summary>What the probe finds here; skips the test, with its sentence, where that is no GPU.</summary>
    public static GpuProbeResult RequireGpu()
    {
        GpuProbeResult result = new NvmlProbe().Read();
        if (result.Absence is not null)
            Assert.Skip(result.Absence);
        return result;
    }
}
