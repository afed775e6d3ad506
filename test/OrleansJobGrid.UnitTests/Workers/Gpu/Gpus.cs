using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.UnitTests.Workers.Gpu;

/// <summary>GPUs as a driver would list them.</summary>
internal static class Gpus
{
    public static GpuReading Reading(int index = 0, long total = 24_000, long used = 1_000, string name = "NVIDIA GeForce RTX 4090") => new()
    {
        Uuid = $"GPU-{index}",
        Index = index,
        Name = name,
        Architecture = "ada",
        MemoryTotalMb = total,
        MemoryUsedMb = used,
        MemoryFreeMb = total - used,
        Processes = [new(1, used)],
    };

    public static GpuProbeResult Found(params GpuReading[] gpus) => new("575.1", gpus, null);

    public static GpuProbeResult None { get; } = new(null, [], "libnvidia-ml.so.1 is not there");
}

/// <summary>A probe whose readings the test gives.</summary>
internal sealed class FakeGpuProbe(params GpuReading[] gpus) : IGpuProbe
{
    public Func<GpuProbeResult> Reads { get; set; } = () => Gpus.Found(gpus);

    public GpuProbeResult Read() => Reads();
}
