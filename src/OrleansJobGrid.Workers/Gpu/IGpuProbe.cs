namespace OrleansJobGrid.Workers.Gpu;

/// <summary>Looks at this machine's GPUs.</summary>
public interface IGpuProbe
{
    /// <summary>
    /// Reads all GPUs now, in some milliseconds each. Safe for concurrent use; may be called each second. Makes no CUDA context,
    /// which would itself take memory. What is not there or does not answer is said in the result; nothing is thrown for it.
    /// </summary>
    GpuProbeResult Read();
}
