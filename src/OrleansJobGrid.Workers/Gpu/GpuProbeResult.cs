namespace OrleansJobGrid.Workers.Gpu;

/// <summary>What a probe found.</summary>
/// <param name="DriverVersion">The driver's version; null: there is none.</param>
/// <param name="Gpus">The devices, by index.</param>
/// <param name="Absence">Why there are none; null where there are some.</param>
public sealed record GpuProbeResult(string? DriverVersion, IReadOnlyList<GpuReading> Gpus, string? Absence);
