using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>A GPU as it was read last, and why that is old where it is.</summary>
/// <param name="Reading">The last reading that had it.</param>
/// <param name="Driver">The driver's version.</param>
/// <param name="Fault">Why the reading is not of now; null: it is.</param>
internal sealed record GpuState(GpuReading Reading, string? Driver, string? Fault)
{
    /// <summary>As a heartbeat carries it.</summary>
    public GpuView View => new()
    {
        Uuid = Reading.Uuid,
        Name = Reading.Name,
        Architecture = Reading.Architecture,
        Driver = Driver,
        MemoryTotalMb = Reading.MemoryTotalMb,
        MemoryFreeMb = Reading.MemoryFreeMb,
        UtilizationPercent = Reading.UtilizationPercent,
        TemperatureCelsius = Reading.TemperatureCelsius,
        Processes = Reading.Processes.Count,
        Fault = Fault,
    };
}
