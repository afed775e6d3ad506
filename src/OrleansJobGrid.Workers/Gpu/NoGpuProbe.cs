namespace OrleansJobGrid.Workers.Gpu;

/// <summary>Finds no GPU, without looking.</summary>
public sealed class NoGpuProbe : IGpuProbe
{
    /// <inheritdoc/>
    public GpuProbeResult Read() => new(null, [], "this worker looks for none");
}
