namespace OrleansJobGrid.Workers.Hosting;

/// <summary>
/// What a worker says of its machine: <c>JobGrid:Worker:Hardware</c>. What was measured may be lowered, not raised: a job that trusts
/// the figure would fail. GB of 10^9 bytes.
/// </summary>
public sealed class HardwareOptions
{
    /// <summary>Memory of its GPU; where a driver measures it, at most that.</summary>
    public double? GpuMemoryGb { get; set; }

    /// <summary>Its GPUs; where a driver lists them, at most 1, since each is a worker of its own.</summary>
    public int? GpuCount { get; set; }

    /// <summary>The GPU's name, or a part of what the driver names it.</summary>
    public string? GpuModel { get; set; }

    /// <summary>Its architecture, such as <c>ada</c>.</summary>
    public string? GpuArchitecture { get; set; }

    /// <summary>Processor cores.</summary>
    public int? CpuCores { get; set; }

    /// <summary>Memory of the machine.</summary>
    public double? RamGb { get; set; }

    /// <summary>Room of its work folder.</summary>
    public double? DiskGb { get; set; }
}
