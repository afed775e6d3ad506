using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using OrleansJobGrid.Connectors.Native;
using OrleansJobGrid.Connectors.Processes;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// Keeps one ComfyUI running beside the worker. It is a session of its own with its output in a file, so it outlives the worker as any service does,
/// and the next worker with the same folder goes on with it.
/// </summary>
internal sealed class ComfySupervisor(string instance, ComfySuperviseOptions options, string folder, Func<CancellationToken, Task<bool>> answers, TimeProvider time) : IAsyncDisposable
{
    private const int LinesKept = 200;
    private const int TailBytes = 16 << 10;
    private const long LargestLog = 64L << 20;
    private const string Marker = "JOBGRID_SUPERVISED";

    /// <summary>The shell notes its id, which stays the program's.</summary>
    private const string Script = """echo $$ > "$JOBGRID_PID_FILE"; exec "$0" "$@" >> "$JOBGRID_LOG_FILE" 2>&1 < /dev/null""";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    /// <summary>One that lived so long did not fail at its start.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();
    private readonly string _name = instance.Replace('/', '-');
    private Task _running = Task.CompletedTask;
    private string? _restart;
    private int _failedStarts;

    /// <summary>How often it was started by this worker.</summary>
    public int Starts { get; private set; }

    /// <summary>Why it cannot be used now; null: nothing is known against it.</summary>
    public string? Fault { get; private set; }

    /// <summary>The program's process id; null: it does not run, or was not started by a worker.</summary>
    public int? Pid =>
        File.Exists(PidFile) && int.TryParse(File.ReadAllText(PidFile).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && ProcessTable.Find(pid) is { IsAlive: true } && ProcessTable.HasVariable(pid, Encoding.UTF8.GetBytes($"{Marker}={instance}\0"))
            ? pid
            : null;

    private string PidFile => Path.Combine(folder, $"{_name}.pid");

    private string LogFile => Path.Combine(folder, $"{_name}.log");

    /// <summary>Begins to watch.</summary>
    public void Begin()
    {
        Directory.CreateDirectory(folder);
        _running = Task.Run(() => Watch(_end.Token));
    }

    /// <summary>It is to be started anew, soon.</summary>
    public void Restart(string reason) => Volatile.Write(ref _restart, reason);

    /// <summary>The last 200 lines that it wrote, 16 KB at most; null: it wrote none.</summary>
    public string? LastLines()
    {
        if (!File.Exists(LogFile))
            return null;
        using var log = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        log.Seek(-Math.Min(log.Length, TailBytes), SeekOrigin.End);
        using var reader = new StreamReader(log, Encoding.UTF8);
        var lines = reader.ReadToEnd().TrimEnd().Split('\n');
        return lines is [""] ? null : string.Join('\n', lines.TakeLast(LinesKept));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }

    private async Task Watch(CancellationToken end)
    {
        try
        {
            while (true)
            {
                try
                {
                    await Look(end);
                }
                catch (Exception e) when (e is IOException or Win32Exception or UnauthorizedAccessException)
                {
                    Fault = $"'{options.Command}' cannot be started: {e.Message}";
                }

                await Task.Delay(Period, time, end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The worker leaves; the program stays.
        }
    }

    private async Task Look(CancellationToken end)
    {
        if (Pid is { } pid)
        {
            if (Interlocked.Exchange(ref _restart, null) is null)
            {
                Bound();
                return;
            }

            await Stop(pid, end);
            await Start(end);
            return;
        }

        Volatile.Write(ref _restart, null);
        if (await answers(end))
        {
            // Somebody else's: it works, so nothing is started beside it.
            Fault = null;
            return;
        }

        await Start(end);
    }

    /// <summary>Starts it, and stays as long as it may be failing at its start.</summary>
    private async Task Start(CancellationToken end)
    {
        File.Delete(PidFile);
        if (File.Exists(LogFile))
            File.Move(LogFile, LogFile + ".1", overwrite: true);
        var start = new ProcessStartInfo("setsid", ["/bin/sh", "-c", Script, options.Command, .. options.Args])
        {
            WorkingDirectory = options.WorkingFolder ?? Path.GetDirectoryName(options.Command)!,
        };
        foreach (var (name, value) in options.Env)
            start.Environment[name] = value;
        (start.Environment["JOBGRID_PID_FILE"], start.Environment["JOBGRID_LOG_FILE"], start.Environment[Marker]) = (PidFile, LogFile, instance);
        var began = time.GetTimestamp();
        using var process = Process.Start(start)!;
        Starts++;
        while (time.GetElapsedTime(began) < Settled)
        {
            if (process.HasExited)
            {
                _failedStarts++;
                Fault = $"'{options.Command}' ended with exit code {process.ExitCode}. Its last words: {LastLines()?.Split('\n')[^1] ?? "none"}";
                var pause = TimeSpan.FromSeconds(Math.Min(1 << Math.Min(_failedStarts - 1, 6), LongestPause.TotalSeconds));
                await Task.Delay(pause, time, end);
                return;
            }

            if (await answers(end))
                break;
            await Task.Delay(Period / 10, time, end);
        }

        (_failedStarts, Fault) = (0, null);
    }

    private async Task Stop(int pid, CancellationToken end)
    {
        ProcessTable.Signal(pid, Libc.SigTerm);
        var began = time.GetTimestamp();
        while (Pid == pid && time.GetElapsedTime(began) < options.StopGrace)
            await Task.Delay(Period / 10, time, end);
        // The whole session, which bears its id: what it started goes too.
        ProcessTable.Signal(-pid, Libc.SigKill);
        while (Pid == pid)
            await Task.Delay(Period / 10, time, end);
    }

    /// <summary>Its output goes on at the beginning: it is written by appending.</summary>
    private void Bound()
    {
        if (!File.Exists(LogFile) || new FileInfo(LogFile).Length <= LargestLog)
            return;
        using var log = new FileStream(LogFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        log.SetLength(0);
    }
}
