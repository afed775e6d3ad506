using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Matching;

namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>A worker of the simulated day: one job at a time, one model in its memory.</summary>
internal sealed class DayWorker(int index, int gigabytes, IReadOnlyList<DayModel> models)
{
    private readonly long _memoryMb = JobNeedOf(gigabytes);

    public int Index { get; } = index;

    public WorkerMatch Match { get; } = new(
        new()
        {
            Models = new Dictionary<string, IReadOnlyList<string>> { ["*"] = [WorkerCapabilities.All] },
            Hardware = new() { GpuMemoryMb = JobNeedOf(gigabytes) },
        },
        [DayWorld.Service], null, $"worker-{index}");

    /// <summary>The model in its memory; null: none yet.</summary>
    public DayModel? Loaded { get; set; }

    public bool Busy { get; set; }

    public long BusyMs { get; set; }

    public ClaimFacts Facts => new() { FreeGpuMemoryMb = _memoryMb, TotalGpuMemoryMb = _memoryMb, LoadedModels = Loaded is { } model ? [model.Name] : [] };

    /// <summary>Whether the model fits: said here by the sizes alone, apart from the matcher.</summary>
    public bool CanDo(int model) => models[model].Gigabytes <= gigabytes;

    private static long JobNeedOf(int gigabytes) => JobNeed.MegabytesOf(gigabytes);
}
