using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>What a worker says of its device, held against what its driver measured: the measured figure counts.</summary>
public static class DeviceTruth
{
    /// <summary>The capabilities with no more memory than the driver says there is.</summary>
    public static WorkerCapabilities Of(WorkerCapabilities declared, long? measuredMb) =>
        measuredMb is { } there && declared.Hardware is { GpuMemoryMb: { } said } hardware && said > there
            ? declared with { Hardware = hardware with { GpuMemoryMb = there } } : declared;

    /// <summary>The facts of a claim with no more free memory than there is, and none that is negative.</summary>
    public static ClaimFacts Of(ClaimFacts facts) =>
        facts is { FreeGpuMemoryMb: { } free, TotalGpuMemoryMb: { } total } && (free > total || free < 0)
            ? facts with { FreeGpuMemoryMb = Math.Clamp(free, 0, Math.Max(0, total)) } : facts;

    /// <summary>What cannot be true, in words.</summary>
    public static IReadOnlyList<string> Doubts(WorkerCapabilities declared, GpuView? gpu)
    {
        var doubts = new List<string>();
        if (gpu is null)
            return doubts;
        if (gpu.MemoryFreeMb > gpu.MemoryTotalMb)
            doubts.Add($"it tells of {gpu.MemoryFreeMb} MB free GPU memory of {gpu.MemoryTotalMb} MB; {gpu.MemoryTotalMb} MB count");
        if (declared.Hardware?.GpuMemoryMb is { } said && said > gpu.MemoryTotalMb)
            doubts.Add($"it declares {said} MB of GPU memory, and its driver measured {gpu.MemoryTotalMb} MB, which count");
        return doubts;
    }
}
