namespace OrleansJobGrid.Workers.Gpu;

/// <summary>One GPU at the moment of a reading. Memory in MB of 1,048,576 bytes; absent: the driver does not tell.</summary>
public sealed record GpuReading
{
    /// <summary>The device's own id, such as <c>GPU-8f6d…</c>, equal after a reboot.</summary>
    public required string Uuid { get; init; }

    /// <summary>Its place among the machine's devices, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Its name, such as <c>NVIDIA GeForce RTX 4090</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its architecture in lowercase, such as <c>ada</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>Such as <c>8.9</c>.</summary>
    public string? ComputeCapability { get; init; }

    /// <summary>All of its memory.</summary>
    public required long MemoryTotalMb { get; init; }

    /// <summary>What is free of it.</summary>
    public required long MemoryFreeMb { get; init; }

    /// <summary>What is in use of it.</summary>
    public required long MemoryUsedMb { get; init; }

    /// <summary>Percent of the time since the last reading in which it computed.</summary>
    public int? UtilizationPercent { get; init; }

    /// <summary>Its temperature.</summary>
    public int? TemperatureCelsius { get; init; }

    /// <summary>The processes on it.</summary>
    public IReadOnlyList<GpuProcess> Processes { get; init; } = [];
}
