using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// The step between guard and child: a process that prepares itself and then becomes the child (execve). Only so can a program
/// without native code set what must be set between fork and exec.
/// </summary>
internal static class GuardLauncher
{
    private const int CannotRun = 126;
    private const int NotFound = 127;

    /// <summary>Returns only where the child could not be started: 127 not found, 126 not runnable, as shells do.</summary>
    internal static int Run()
    {
        GuardOrder order;
        using (var stdin = Console.OpenStandardInput())
            order = GuardOrder.Read(stdin);

        // A session of its own: a child that signals its process group does not hit the guard.
        if (Libc.Setsid() < 0)
            return Say("setsid", order.Path, CannotRun);
        if (Libc.Prctl(Libc.PrSetPdeathsig, Libc.SigKill, 0, 0, 0) != 0)
            return Say("prctl(PR_SET_PDEATHSIG)", order.Path, CannotRun);
        // The guard may have died before the line above: then nobody will signal it.
        if (Libc.Getppid() != order.GuardPid)
            return CannotRun;
        if (Libc.Chdir(order.WorkingFolder) != 0)
            return Say("chdir", order.WorkingFolder, CannotRun);
        var input = Libc.Open(order.StdinFile, Libc.ReadOnly | Libc.CloseOnExec);
        if (input < 0 || Libc.Dup2(input, 0) < 0)
            return Say("open", order.StdinFile, CannotRun);
        CloseInheritedAtExec();
        TakeSignalsAsByDefault();

        Libc.Execve(order.Path, [order.Path, .. order.Args, null], [.. order.Env, null]);
        return Say("execve", order.Path, Marshal.GetLastPInvokeError() == Libc.Enoent ? NotFound : CannotRun);
    }

    /// <summary>What the worker itself inherited, a socket of its service manager for one, is nothing to a job.</summary>
    private static void CloseInheritedAtExec()
    {
        foreach (var descriptor in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            // The listing's own descriptor is among them and may be closed already: that answer does not matter.
            if (int.Parse(Path.GetFileName(descriptor), CultureInfo.InvariantCulture) is > 2 and var number)
                _ = Libc.Fcntl(number, Libc.SetDescriptorFlags, Libc.DescriptorCloseOnExec);
        }
    }

    /// <summary>
    /// What is ignored stays so in the next program: the runtime ignores SIGPIPE, nohup SIGHUP, and a shell SIGINT and SIGQUIT of what it starts
    /// in the background.
    /// </summary>
    private static void TakeSignalsAsByDefault()
    {
        // For SIGKILL and SIGSTOP it is refused: they cannot be ignored to begin with.
        for (var signal = 1; signal < Libc.FirstRealtime; signal++)
            Libc.Signal(signal, Libc.SigDefault);
    }

    private static int Say(string call, string subject, int exitCode)
    {
        var message = Encoding.UTF8.GetBytes($"jobgrid guard: {Libc.Failure(call, subject).Message}\n");
        _ = Libc.Write(2, message, message.Length);
        return exitCode;
    }
}
