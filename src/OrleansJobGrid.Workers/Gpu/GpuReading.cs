namespace OrleansJobGrid.Workers.Gpu;

/// <summary>What a GPU says of itself at one moment.</summary>
public sealed record GpuReading
{
    /// <summary>Its name for life: <c>GPU-</c> and 32 hexadecimal digits in five groups.</summary>
    public required string Uuid { get; init; }

    /// <summary>NVML's number of it, from 0, in the order of the PCI bus; another one after a reboot with other cards.</summary>
    public required int Index { get; init; }

    /// <summary>The product, such as <c>NVIDIA GeForce RTX 4090</c>.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="GpuArchitecture"/>; null: not known.</summary>
    public string? Architecture { get; init; }

    /// <summary>CUDA's version of what it can do, such as <c>8.9</c>; null: not known.</summary>
    public string? ComputeCapability { get; init; }

    /// <summary>All its memory, MB of 1,048,576 bytes, rounded down.</summary>
    public required long MemoryTotalMb { get; init; }

    /// <summary>Memory that can be allocated now, MB.</summary>
    public required long MemoryFreeMb { get; init; }

    /// <summary>Memory in use, MB, with what the driver keeps for itself (some hundred MB), which <c>nvidia-smi</c> leaves out.</summary>
    public required long MemoryUsedMb { get; init; }

    /// <summary>Share of the last sample in which a kernel ran, 0 to 100; null: the card does not tell.</summary>
    public int? UtilizationPercent { get; init; }

    /// <summary>Of the chip, degrees Celsius; null: the card does not tell.</summary>
    public int? TemperatureCelsius { get; init; }

    /// <summary>Processes with a compute context on it, those of other users and containers too.</summary>
    public IReadOnlyList<GpuProcess> Processes { get; init; } = [];
}
