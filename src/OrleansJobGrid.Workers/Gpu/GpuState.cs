using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>A GPU as it was read last, and why that is old where it is.</summary>
/// <param name="Reading">The last reading that had it.</param>
/// <param name="Driver">The driver's version.</param>
/// <param name="Fault">What could not be read, or why the reading is old; null: nothing is missing.</param>
/// <param name="IsOld">Whether the reading is not of now.</param>
/// <param name="IsGone">Whether no work can run there: the driver does not list it any more, or has not answered for 30 s.</param>
internal sealed record GpuState(GpuReading Reading, string? Driver, string? Fault, bool IsOld, bool IsGone = false)
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
        Gone = IsGone,
    };
}
