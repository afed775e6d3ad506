using System.Globalization;

namespace OrleansJobGrid.Grains.Recovery;

/// <summary>
/// A process, told apart from every other that ever ran: boot of the machine, pid namespace, pid and start time. Only a process in the
/// same namespace of the same boot can say whether it is dead.
/// </summary>
/// <remarks>Linux: <c>/proc/sys/kernel/random/boot_id</c>, <c>/proc/self/ns/pid</c>, field 22 of <c>/proc/PID/stat</c> (proc(5)).</remarks>
public static class ProcessIdentity
{
    private const char Separator = '|';

    /// <summary>This process; elsewhere than on Linux one that nobody can tell dead.</summary>
    public static string Current { get; } = Here() is { } here
        ? string.Join(Separator, here, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StartTime(Environment.ProcessId))
        : "";

    /// <summary>Whether it is certain that this process has ended.</summary>
    public static bool IsKnownDead(string identity)
    {
        var parts = identity.Split(Separator);
        if (parts is not [var boot, var space, var pid, var start] || Here() != boot + Separator + space)
            return false;
        return StartTime(int.Parse(pid, CultureInfo.InvariantCulture)) != start;
    }

    private static string? Here() =>
        OperatingSystem.IsLinux()
            ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() + Separator + new FileInfo("/proc/self/ns/pid").LinkTarget
            : null;

    /// <summary>Start time in clock ticks since boot; null: no such process, or one that is dead and not yet waited for.</summary>
    private static string? StartTime(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may hold anything, so fields are counted from its end.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
