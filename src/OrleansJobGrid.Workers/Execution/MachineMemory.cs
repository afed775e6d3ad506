using System.Globalization;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>The memory of this machine, MB of 1,048,576 bytes.</summary>
internal static class MachineMemory
{
    private const string LinuxFile = "/proc/meminfo";
    private const long Megabyte = 1 << 20;

    /// <summary>What is in use and what there is. Linux: as the kernel says; elsewhere as the collector last saw it, null before it ran.</summary>
    public static (long UsedMb, long TotalMb)? Read()
    {
        if (File.Exists(LinuxFile))
            return Parse(File.ReadLines(LinuxFile));
        var seen = GC.GetGCMemoryInfo();
        return seen.MemoryLoadBytes == 0 ? null : (seen.MemoryLoadBytes / Megabyte, seen.TotalAvailableMemoryBytes / Megabyte);
    }

    /// <summary>Lines such as <c>MemTotal: 16384000 kB</c>; null where the two that are needed are not there.</summary>
    internal static (long UsedMb, long TotalMb)? Parse(IEnumerable<string> lines)
    {
        long? total = null, available = null;
        foreach (var line in lines)
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
                total = Kilobytes(line);
            else if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
                available = Kilobytes(line);
            if (total is not null && available is not null)
                return ((total.Value - available.Value) / 1_024, total.Value / 1_024);
        }
        return null;
    }

    private static long? Kilobytes(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var number, ..] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var read)
            ? read : null;
}
