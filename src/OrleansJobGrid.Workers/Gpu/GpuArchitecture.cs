using System.Globalization;

namespace OrleansJobGrid.Workers.Gpu;

/// <summary>NVIDIA's names of its architectures, by compute capability (CUDA C++ Programming Guide, "Compute Capabilities").</summary>
public static class GpuArchitecture
{
    /// <summary>The name in lowercase, such as <c>ada</c> for 8.9; null: newer than this table, or older than it.</summary>
    public static string? Of(int major, int minor) => (major, minor) switch
    {
        (5, _) => "maxwell",
        (6, _) => "pascal",
        (7, < 5) => "volta",
        (7, 5) => "turing",
        (8, 9) => "ada",
        (8, _) => "ampere",
        (9, _) => "hopper",
        (10 or 11 or 12, _) => "blackwell",
        _ => null,
    };

    /// <summary>A compute capability as it is written, such as <c>8.9</c>.</summary>
    internal static string Capability(int major, int minor) => string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}");
}
