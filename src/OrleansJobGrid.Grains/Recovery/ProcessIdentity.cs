using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansJobGrid.Grains.Recovery;

/// <summary>
/// A process, told apart from every other that ever ran: boot of the machine, pid namespace, pid and start time. Only a process in the
/// same namespace of the same boot can say whether it is dead.
/// </summary>
/// <remarks>Linux: <c>/proc/sys/kernel/random/boot_id</c>, <c>/proc/self/ns/pid</c>, field 22 of <c>/proc/PID/stat</c> (proc(5)).</remarks>
public static partial class ProcessIdentity
{
    private const char Separator = '|';

    // What a process is born into, it stays in.
    private static readonly string? BornHere = Here();

    /// <summary>This process; elsewhere than on Linux one that nobody can tell dead.</summary>
    public static string Current { get; } = BornHere is { } here
        ? string.Join(Separator, here, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StartTime(Environment.ProcessId))
        : "";

    /// <summary>Whether it is certain that this process has ended.</summary>
    public static bool IsKnownDead(string identity)
    {
        var parts = identity.Split(Separator);
        if (parts is not [var boot, var space, var pid, var start] || BornHere != boot + Separator + space)
            return false;
        var process = int.Parse(pid, CultureInfo.InvariantCulture);
        return StartTime(process) is { } now ? now != start : IsGone(process);
    }

    /// <summary>A process that cannot be looked at may be hidden (hidepid of proc(5)); the kernel tells the two apart.</summary>
    private static bool IsGone(int pid)
    {
        const int NoSuchProcess = 3;
        return IsDefunct(Stat(pid)) || (Kill(pid, 0) != 0 && Marshal.GetLastPInvokeError() == NoSuchProcess);
    }

    private static string? Here() =>
        OperatingSystem.IsLinux()
            ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() + Separator + new FileInfo("/proc/self/ns/pid").LinkTarget
            : null;

    /// <summary>Start time in clock ticks since boot; null: nothing to be seen of it, or it is dead and not yet waited for.</summary>
    private static string? StartTime(int pid) => Stat(pid) is { } stat && !IsDefunct(stat) ? stat[19] : null;

    private static bool IsDefunct(string[]? stat) => stat is ["Z" or "X", ..];

    /// <summary>The fields of its state after its name; null: nothing to be seen of it.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // The name in parentheses may hold anything, so fields are counted from its end.
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
