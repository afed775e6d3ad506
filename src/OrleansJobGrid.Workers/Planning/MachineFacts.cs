using OrleansJobGrid.Workers.Execution;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>What was measured of a machine beside its GPUs. GB of 10^9 bytes; null: not known.</summary>
/// <param name="CpuCores">Processor cores that this process may use.</param>
/// <param name="RamGb">All memory.</param>
/// <param name="DiskGb">Room that was free in the work folder at the start.</param>
internal sealed record MachineFacts(int CpuCores, double? RamGb, double? DiskGb)
{
    private const double Gigabyte = 1e9;

    /// <summary>Measures this machine.</summary>
    /// <param name="workFolder">The folder whose disk counts; it need not exist yet. Null: none does.</param>
    public static MachineFacts Read(string? workFolder)
    {
        double? ram = MachineMemory.Read() is var (_, total) ? Math.Round(total * 1_048_576 / Gigabyte, 1) : null;
        return new(Environment.ProcessorCount, ram, workFolder is null ? null : Room(workFolder));
    }

    private static double? Room(string folder)
    {
        var at = Path.GetFullPath(folder);
        while (!Directory.Exists(at) && Path.GetDirectoryName(at) is { } above)
            at = above;
        try
        {
            // Whole ones, since a figure that changes with every file would make every worker another kind.
            return Math.Floor(new DriveInfo(at).AvailableFreeSpace / Gigabyte);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
