using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>The built <c>jobgrid</c> as a process of its own, ready to be spoken to.</summary>
internal sealed class GridProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Queue<string> _lastWords = [];

    private GridProcess(Process process) => _process = process;

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>Processor time that it took so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of memory that are in the machine's.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts the whole grid as one process on a free port and waits until it is ready.</summary>
    /// <param name="store">Its store.</param>
    /// <param name="slots">Jobs at a time; 0: without the role worker.</param>
    /// <param name="settings">Environment variables.</param>
    public static Task<GridProcess> StartAsync(GridStore store, int slots, params (string Name, string Value)[] settings) =>
        StartAsync(store, slots > 0 ? "gateway,grid,worker" : "gateway,grid", slots, settings);

    /// <summary>Starts <c>jobgrid up</c> with these roles and waits until it is ready; without the role gateway it has no <see cref="Url"/>.</summary>
    public static async Task<GridProcess> StartAsync(GridStore store, string roles, int slots, params (string Name, string Value)[] settings)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "jobgrid.exe" : "jobgrid");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        string[] arguments = ["up", "--json", "--data", Path.Combine(store.Folder, "data"), "--roles", roles];
        string[] urls = roles.Contains("gateway", StringComparison.Ordinal) ? ["--urls", "http://127.0.0.1:0"] : [];
        string[] redis = store.Redis is { } server ? ["--redis", server.Endpoint] : [];
        string[] worker = slots > 0 ? ["--slots", slots.ToString(CultureInfo.InvariantCulture)] : [];
        foreach (var argument in (string[])[.. arguments, .. urls, .. redis, .. worker])
            start.ArgumentList.Add(argument);
        // The benchmarks ask for no GPU, and several processes could not share one.
        start.Environment["JOBGRID_WORKER__GPUS"] = "none";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        var grid = new GridProcess(new Process { StartInfo = start });
        try
        {
            await grid.LaunchAsync();
            return grid;
        }
        catch
        {
            await grid.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Nothing of the run is needed any more, so it need not drain.
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task LaunchAsync()
    {
        var ready = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) => ready.TrySetResult(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var said = await ready.Task.WaitAsync(StartLimit, TimeProvider.System);
        if (said is null)
            throw new InvalidOperationException($"jobgrid up ended before it was ready: {LastWords()}");
        if (JsonDocument.Parse(said).RootElement.GetProperty("url").GetString() is { } url)
            Url = new Uri(url);
    }

    /// <summary>The end of its log.</summary>
    public string LastWords()
    {
        lock (_lastWords)
            return string.Join(Environment.NewLine, _lastWords);
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lastWords)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > 20)
                _lastWords.Dequeue();
        }
    }
}
