using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading.Channels;
using OrleansJobGrid.Connectors.Native;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>
/// The guard of one child process: it ends the child with all its descendants when told to, when the worker is gone (its pipe closes, also by
/// kill -9), and when the worker was silent for longer than its lease. Linux only.
/// </summary>
/// <remarks>
/// The guard is a subreaper (prctl(2)): whatever a child starts, also in sessions of its own, stays among the guard's descendants. The
/// child has a parent-death signal, so that it dies with a guard that is killed itself.
/// </remarks>
public static class ProcessGuard
{
    private static readonly TimeSpan SilenceCheck = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Runs the guard, or with the argument <c>exec</c> the step that becomes its child. The program's exit code.</summary>
    /// <param name="args">The arguments after those of <see cref="ProcessOptions.GuardCommand"/>: none, or <c>exec</c>.</param>
    public static Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (!OperatingSystem.IsLinux())
            return Refuse("the guard of child processes runs on Linux only.");
        return args switch
        {
            [] => GuardAsync(),
            ["exec"] => Task.FromResult(GuardLauncher.Run()),
            _ => Refuse("guard is started by the worker, not by hand."),
        };
    }

    private static async Task<int> Refuse(string message)
    {
        await Console.Error.WriteLineAsync($"jobgrid: {message}");
        return 2;
    }

    [SupportedOSPlatform("linux")]
    private static async Task<int> GuardAsync()
    {
        // A session of its own, so that Ctrl+C at the worker's terminal leaves it the time to stop the run in order.
        if (Libc.Setsid() < 0)
            throw Libc.Failure("setsid", "the guard");
        if (Libc.Prctl(Libc.PrSetChildSubreaper, 1, 0, 0, 0) != 0)
            throw Libc.Failure("prctl(PR_SET_CHILD_SUBREAPER)", "the guard");
        // A signal to all processes of a service or container must not leave the child alone: the worker decides, or its end.
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => c.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => c.Cancel = true);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => c.Cancel = true);

        using var stdin = Console.OpenStandardInput();
        var order = GuardOrder.Read(stdin);
        var worker = Channel.CreateUnbounded<byte>();
        Background("worker", () => Listen(stdin, worker.Writer));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var exited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        Background("child", () => Launch(order, started, exited));
        await started.Task;

        var end = await WatchAsync(order.Silence, worker.Reader, exited.Task);
        if (end == GuardStatus.Terminated)
            await TerminateAsync(order.StopGrace, worker.Reader);
        await KillAsync();
        var status = end == GuardStatus.Exited ? $"{end} {await exited.Task}" : end;
        // Renamed into place: a status is whole or not there.
        await File.WriteAllTextAsync(order.StatusFile + ".new", status);
        File.Move(order.StatusFile + ".new", order.StatusFile);
        return 0;
    }

    private static void Background(string name, Action run) => new Thread(() => run()) { IsBackground = true, Name = name }.Start();

    private static void Listen(Stream stdin, ChannelWriter<byte> worker)
    {
        var buffer = new byte[64];
        int read;
        while ((read = stdin.Read(buffer)) > 0)
        {
            foreach (var b in buffer.AsSpan(0, read))
                worker.TryWrite(b);
        }
        worker.Complete();
    }

    private static void Launch(GuardOrder order, TaskCompletionSource started, TaskCompletionSource<int> exited)
    {
        try
        {
            var start = new ProcessStartInfo(order.GuardCommand[0], [.. order.GuardCommand.Skip(1), "exec"]) { RedirectStandardInput = true };
            using var child = Process.Start(start)!;
            var entry = ProcessTable.Find(child.Id);
            File.AppendAllText(order.RecordFile, $"child {child.Id} {entry?.StartTicks ?? 0}\n");
            child.StandardInput.BaseStream.Write((order with { GuardPid = Environment.ProcessId }).ToBytes());
            child.StandardInput.Close();
            started.SetResult();
            child.WaitForExit();
            exited.SetResult(child.ExitCode);
        }
        catch (Exception e) when (e is IOException or System.ComponentModel.Win32Exception)
        {
            started.TrySetException(e);
            exited.TrySetException(e);
        }
        // The parent-death signal is sent when the thread that started the child ends, so this one lasts as long as the guard.
        Thread.CurrentThread.Join();
    }

    private static async Task<string> WatchAsync(TimeSpan silence, ChannelReader<byte> worker, Task<int> exited)
    {
        var heard = TimeProvider.System.GetTimestamp();
        var word = worker.WaitToReadAsync().AsTask();
        while (true)
        {
            await Task.WhenAny(exited, word, Task.Delay(SilenceCheck, TimeProvider.System));
            if (exited.IsCompleted)
                return GuardStatus.Exited;
            if (word.IsCompleted)
            {
                if (!await word)
                    return GuardStatus.Orphaned;
                while (worker.TryRead(out var b))
                {
                    if (b == GuardOrder.Terminate)
                        return GuardStatus.Terminated;
                }
                heard = TimeProvider.System.GetTimestamp();
                word = worker.WaitToReadAsync().AsTask();
            }
            else if (TimeProvider.System.GetElapsedTime(heard) > silence)
            {
                return GuardStatus.Silent;
            }
        }
    }

    private static async Task TerminateAsync(TimeSpan grace, ChannelReader<byte> worker)
    {
        var asked = TimeProvider.System.GetTimestamp();
        foreach (var process in Descendants())
            ProcessTable.Signal(process.Pid, Libc.SigTerm);
        // A worker that dies meanwhile leaves no grace.
        while (Descendants().Count > 0 && TimeProvider.System.GetElapsedTime(asked) < grace && !worker.Completion.IsCompleted)
        {
            while (worker.TryRead(out _)) { }
            await Task.Delay(KillPause * 4, TimeProvider.System);
        }
    }

    private static async Task KillAsync()
    {
        // Again and again: between reading and killing, one may have started another.
        for (var left = Descendants(); left.Count > 0; left = Descendants())
        {
            foreach (var process in left)
                ProcessTable.Signal(process.Pid, Libc.SigKill);
            await Task.Delay(KillPause, TimeProvider.System);
        }
    }

    private static List<ProcessEntry> Descendants() => ProcessTable.Descendants(ProcessTable.ReadAll(), [Environment.ProcessId]);
}

/// <summary>How a guard ended its run, as it writes it into the status file.</summary>
internal static class GuardStatus
{
    /// <summary>Followed by the exit code; 128 and the signal's number where a signal ended it.</summary>
    internal const string Exited = "exited";
    internal const string Terminated = "terminated";
    internal const string Orphaned = "orphaned";
    internal const string Silent = "silent";
}
