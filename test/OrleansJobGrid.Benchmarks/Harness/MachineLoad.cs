using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>Where a run was measured, and what else the machine did meanwhile: a figure is worth only as much as its machine was quiet.</summary>
internal static class MachineLoad
{
    /// <summary>What does not change.</summary>
    public static string Describe()
    {
        var model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return $"{Environment.ProcessorCount} x {model ?? "unknown processor"}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
    }

    /// <summary>The system's load averages; "unknown" where it tells none.</summary>
    public static string Average() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";

    /// <summary>Processor time that all processes took since the system started; null where it is not told.</summary>
    public static TimeSpan? Busy()
    {
        if (!File.Exists("/proc/stat"))
            return null;
        // user, nice, system, idle, iowait, irq, softirq, steal, in hundredths of a second (proc(5)).
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        return TimeSpan.FromMilliseconds(10 * (fields.Sum() - fields[3] - fields[4]));
    }
}
