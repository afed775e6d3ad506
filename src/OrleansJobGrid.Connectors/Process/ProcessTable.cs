using System.Globalization;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>A process as <c>/proc/PID/stat</c> tells it (proc(5)).</summary>
/// <param name="Pid">Its id, which the system gives again later.</param>
/// <param name="State">R, S, D, Z (dead but not yet waited for) and others.</param>
/// <param name="Parent">Its parent's id.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: with the id, it names one process.</param>
internal readonly record struct ProcessEntry(int Pid, char State, int Parent, ulong StartTicks)
{
    internal bool IsAlive => State is not ('Z' or 'X' or 'x');
}

/// <summary>The processes of this machine (of this container).</summary>
internal static class ProcessTable
{
    /// <summary>Null where there is no such process.</summary>
    internal static ProcessEntry? Find(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException)
        {
            return null; // It ended: before the file was opened, or while it was read.
        }
        // The name stands in parentheses and may itself hold spaces and parentheses.
        var close = stat.LastIndexOf(')');
        if (close < 0)
            return null;
        var fields = stat[(close + 2)..].Split(' ');
        return new ProcessEntry(pid, fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), ulong.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    internal static bool IsAlive(int pid, ulong startTicks) => Find(pid) is { IsAlive: true } found && found.StartTicks == startTicks;

    internal static List<ProcessEntry> ReadAll()
    {
        var all = new List<ProcessEntry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Find(pid) is { } entry)
                all.Add(entry);
        }
        return all;
    }

    /// <summary>The living processes below these, without these.</summary>
    internal static List<ProcessEntry> Descendants(List<ProcessEntry> all, IEnumerable<int> roots)
    {
        var children = all.ToLookup(p => p.Parent);
        var seen = new HashSet<int>(roots);
        var open = new Queue<int>(seen);
        var found = new List<ProcessEntry>();
        while (open.TryDequeue(out var pid))
        {
            foreach (var child in children[pid])
            {
                if (!seen.Add(child.Pid))
                    continue;
                open.Enqueue(child.Pid);
                if (child.IsAlive)
                    found.Add(child);
            }
        }
        return found;
    }

    /// <summary>Whether the process was started with this variable. Its environment may be another user's, and then it is not ours.</summary>
    internal static bool HasVariable(int pid, ReadOnlySpan<byte> assignment)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid}/environ").AsSpan().IndexOf(assignment) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Signals the process; one that is gone already is fine.</summary>
    internal static void Signal(int pid, int signal)
    {
        if (Libc.Kill(pid, signal) != 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Libc.Esrch)
            throw Libc.Failure($"kill -{signal}", $"process {pid}");
    }
}
