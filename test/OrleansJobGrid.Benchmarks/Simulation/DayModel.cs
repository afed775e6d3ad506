using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>A model of the simulated day.</summary>
internal sealed class DayModel(int index, double gigabytes, double medianSeconds)
{
    public int Index { get; } = index;

    public string Name { get; } = $"model-{index}";

    /// <summary>GPU memory that its jobs take, GB.</summary>
    public double Gigabytes { get; } = gigabytes;

    public double MedianSeconds { get; } = medianSeconds;

    /// <summary>15 s for the smallest (4 GB), 60 s for the largest (40 GB).</summary>
    public long LoadMs { get; } = (long)(1_000 * (15 + (45 * (gigabytes - 4) / 36)));

    public Signature Signature { get; } = new(
        $"service={DayWorld.Service}\nneeds={new JobRequirements { Models = [$"model-{index}"], Envelope = new() { GpuMemoryGb = gigabytes } }.Text}");
}
