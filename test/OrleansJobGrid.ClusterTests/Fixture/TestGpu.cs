using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A GPU whose driver says what the test wants.</summary>
internal sealed class TestGpu : IGpuProbe
{
    private static readonly GpuReading Card = new() { Uuid = "GPU-1", Index = 0, Name = "card", MemoryTotalMb = 24_000, MemoryUsedMb = 1_000, MemoryFreeMb = 23_000 };

    private GpuProbeResult _reading = new("575.1", [Card], null);

    public TestGpu()
    {
        Monitor = new(this, TimeProvider.System, NullLogger<GpuMonitor>.Instance);
        Monitor.Begin(_reading);
    }

    public GpuMonitor Monitor { get; }

    public GpuProbeResult Reading => _reading;

    GpuProbeResult IGpuProbe.Read() => _reading;

    /// <summary>It falls off the bus.</summary>
    public void Lose() => Show(new("575.1", [], "no GPU answers: GPU 0 is lost.") { Faults = [new(0, Card.Uuid, "GPU 0 is lost.")] });

    /// <summary>It is there again.</summary>
    public void Return() => Show(new("575.1", [Card], null));

    private void Show(GpuProbeResult reading)
    {
        _reading = reading;
        Monitor.Read();
    }
}
