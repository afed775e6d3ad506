using System.Globalization;
using System.Text;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// The file that says which processes a run has, written line by line before they matter: <c>boot ID</c>, <c>run MARK</c>,
/// <c>guard PID START</c>, <c>child PID START</c>. With it, whoever comes later ends exactly them.
/// </summary>
/// <remarks>
/// A process id comes again, so it counts only with its start time, in the boot and the process namespace that wrote it. Descendants that
/// lost their parents are found by the mark, a variable that they inherited.
/// </remarks>
internal static class RunRecord
{
    internal const string MarkVariable = "JOBGRID_RUN";
    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    /// <summary>The boot and the process namespace: ids of another one say nothing here.</summary>
    internal static string Here() =>
        $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()} {new FileInfo("/proc/self/ns/pid").LinkTarget}";

    internal static void Create(string file, string mark) => File.WriteAllText(file, $"boot {Here()}\nrun {mark}\n");

    internal static void AddGuard(string file, int pid) =>
        File.AppendAllText(file, $"guard {pid} {ProcessTable.Find(pid)?.StartTicks ?? 0}\n");

    /// <summary>Kills what is left of the run, until nothing is.</summary>
    /// <exception cref="IOException">A process could not be killed within 10 s, as when it hangs in a driver.</exception>
    internal static async Task KillAsync(string file, TimeProvider time, CancellationToken cancellationToken)
    {
        var lines = (await File.ReadAllTextAsync(file, cancellationToken)).Split('\n')[..^1]; // What follows the last newline is torn.
        var here = lines.Contains($"boot {Here()}");
        var mark = lines.FirstOrDefault(l => l.StartsWith("run ", StringComparison.Ordinal)) is { } run
            ? Encoding.UTF8.GetBytes($"{MarkVariable}={run[4..]}")
            : null;
        var recorded = here ? Recorded(lines) : [];

        var began = time.GetTimestamp();
        while (true)
        {
            var left = Left(recorded, mark);
            if (left.Count == 0)
                return;
            if (time.GetElapsedTime(began) > KillLimit)
                throw new IOException($"Process {left[0].Pid} of an ended run is in state {left[0].State} and cannot be killed. It may hang in a driver: restart the machine.");
            foreach (var process in left)
                ProcessTable.Signal(process.Pid, Libc.SigKill);
            await Task.Delay(KillPause, time, cancellationToken);
        }
    }

    private static HashSet<(int Pid, ulong Start)> Recorded(IEnumerable<string> lines)
    {
        var recorded = new HashSet<(int, ulong)>();
        foreach (var line in lines)
        {
            if (line.Split(' ') is [("guard" or "child"), var pid, var start])
                recorded.Add((int.Parse(pid, CultureInfo.InvariantCulture), ulong.Parse(start, CultureInfo.InvariantCulture)));
        }
        return recorded;
    }

    private static List<ProcessEntry> Left(HashSet<(int Pid, ulong Start)> recorded, byte[]? mark)
    {
        var all = ProcessTable.ReadAll();
        var roots = all.Where(p => recorded.Contains((p.Pid, p.StartTicks)) || (mark is not null && p.IsAlive && ProcessTable.HasVariable(p.Pid, mark))).ToList();
        return [.. roots.Where(p => p.IsAlive), .. ProcessTable.Descendants(all, roots.Select(p => p.Pid))];
    }
}
