namespace OrleansJobGrid.Workers.Gpu;

/// <summary>Reads this machine's GPUs.</summary>
public interface IGpuProbe
{
    /// <summary>Reads them as they are now. It may block for as long as the driver does.</summary>
    GpuProbeResult Read();
}
