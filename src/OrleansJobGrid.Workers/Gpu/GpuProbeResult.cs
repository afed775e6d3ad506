namespace OrleansJobGrid.Workers.Gpu;

/// <summary>What a look at this machine's GPUs found.</summary>
/// <param name="DriverVersion">Such as <c>550.54.15</c>; null: no driver answers.</param>
/// <param name="Gpus">Those that could be read, by index.</param>
/// <param name="Absence">A sentence that says why <paramref name="Gpus"/> is empty; null where it is not.</param>
public sealed record GpuProbeResult(string? DriverVersion, IReadOnlyList<GpuReading> Gpus, string? Absence)
{
    /// <summary>What could not be read: GPUs that are lost and so not among <see cref="Gpus"/>, and single figures of those that are.</summary>
    public IReadOnlyList<GpuFault> Faults { get; init; } = [];
}
