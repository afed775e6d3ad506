using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.TestKit.Grid;

/// <summary>The built executable as a real process.</summary>
public sealed class GridProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GridProcess(Process process, Uri? url)
    {
        _process = process;
        // A process without the role gateway answers nowhere; its client would fail at the first call.
        Http = new HttpClient { BaseAddress = url ?? new Uri("http://127.0.0.1:1"), Timeout = TimeSpan.FromSeconds(100) };
        Client = new JobGridClient(Http);
    }

    /// <summary>The executable beside the tests.</summary>
    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "jobgrid");

    public HttpClient Http { get; }

    public JobGridClient Client { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Its end, whoever brought it about.</summary>
    public Task Exited => _exited.Task;

    /// <summary>Once it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it wrote, both streams.</summary>
    public string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    /// <summary>Starts <c>jobgrid up</c> and returns when it says that it is ready.</summary>
    public static async Task<GridProcess> UpAsync(GridArguments arguments)
    {
        var url = arguments.Roles.Contains("gateway", StringComparison.Ordinal) ? arguments.Url ?? new Uri($"http://127.0.0.1:{FreePorts.Next()}") : null;
        var start = StartInfo(arguments.Program[0], [.. arguments.Program.Skip(1), "up", .. arguments.ToCommandLine(url)], arguments.Environment);
        var grid = new GridProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, url);
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            lock (grid._log)
                grid._log.AppendLine(line);
            if (line?.StartsWith("Ready", StringComparison.Ordinal) == true)
                ready.TrySetResult(true);
        }

        grid._process.OutputDataReceived += (_, e) => Take(e.Data);
        grid._process.ErrorDataReceived += (_, e) => Take(e.Data);
        grid._process.Exited += (_, _) =>
        {
            ready.TrySetResult(false);
            grid._exited.TrySetResult();
        };
        grid._process.Start();
        grid._process.BeginOutputReadLine();
        grid._process.BeginErrorReadLine();
        try
        {
            if (await ready.Task.WaitAsync(StartLimit, TimeProvider.System))
                return grid;
        }
        catch (TimeoutException)
        {
            await grid.DisposeAsync();
            throw new TimeoutException($"jobgrid up was not ready within {StartLimit}:\n{grid.Log}");
        }

        await grid.DisposeAsync();
        throw new InvalidOperationException($"jobgrid up ended at once:\n{grid.Log}");
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> RunAsync(string folder, params string[] arguments)
    {
        var start = StartInfo(Executable, arguments, new Dictionary<string, string>());
        start.WorkingDirectory = folder;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3), TimeProvider.System);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>SIGKILL: nothing is flushed, nobody is told.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        Signals.Send(_process.Id, Signals.Terminate);
        await _process.WaitForExitAsync().WaitAsync(StopLimit, TimeProvider.System);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        Http.Dispose();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // Several processes on one machine: a GPU could be one worker's only.
        start.Environment["JOBGRID_WORKER__GPUS"] = "none";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }
}
