using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace OrleansJobGrid.TestKit.Outside;

/// <summary>The outside service as a process of a test's own: it does the work, and its log is the judge of how often.</summary>
public sealed class TestServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly TestServiceArguments _arguments;
    private readonly StringBuilder _output = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

    private TestServiceProcess(TestServiceArguments arguments) => _arguments = arguments;

    /// <summary>The same after a restart.</summary>
    public int Port { get; private set; }

    public Uri Url => new($"http://127.0.0.1:{Port}");

    /// <summary>Where its log and what it keeps lie.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("jobgrid-service-").FullName;

    public static async Task<TestServiceProcess> StartAsync(TestServiceArguments? arguments = null)
    {
        var service = new TestServiceProcess(arguments ?? new());
        await service.LaunchAsync();
        return service;
    }

    /// <summary>All whole lines of the log, over all lives of the service; one that is being written stands there in parts.</summary>
    public IReadOnlyList<ServiceEvent> Read()
    {
        var log = Path.Combine(Folder, "log");
        if (!File.Exists(log))
            return [];
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ServiceEvent.Parse)];
    }

    /// <summary>Whole executions and broken ones: how often work was begun.</summary>
    public ILookup<string, ServiceEvent> Executions() => Read().Where(e => e.What == "START").ToLookup(e => e.JobId);

    /// <summary>A command to a gate, such as <c>hold post</c>; returns when it is in force.</summary>
    public async Task CommandAsync(string command)
    {
        int from;
        lock (_lines)
            from = _lines.Count;
        await Running.StandardInput.WriteLineAsync(command);
        await Running.StandardInput.FlushAsync();
        await WaitForAsync($"answer to '{command}'", from, AnswerLimit, lines => lines.Contains($"DONE {command}") ? lines : null);
    }

    /// <summary>How many arrivals have been told; what comes later is newer.</summary>
    public int Mark()
    {
        lock (_lines)
            return _lines.Count;
    }

    /// <summary>Waits until so many others have come to a gate since the mark, and returns them.</summary>
    public async Task<IReadOnlyList<(string ExternalId, string JobId)>> ArrivalsAsync(string gate, int count, int since, TimeSpan limit) =>
        await WaitForAsync($"{count} at the gate {gate}", since, limit, lines =>
        {
            var all = lines.Where(l => l.StartsWith($"AT {gate} ", StringComparison.Ordinal)).Select(l => l.Split(' ')).Select(w => (w[2], w[3])).Distinct().ToList();
            return all.Count >= count ? all : null;
        });

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Kills it where it runs, and starts it on the same port with the same folder; all gates are open.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        await LaunchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private Process Running => _process ?? throw new InvalidOperationException("The service is not running.");

    private async Task LaunchAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "OrleansJobGrid.TestService"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in _arguments.ToCommandLine(Port, Folder))
            start.ArgumentList.Add(argument);
        var from = Mark();
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.Exited += (_, _) => Take("ENDED");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var ready = await WaitForAsync("start", from, AnswerLimit, lines => lines.FirstOrDefault(l => l.StartsWith("READY ", StringComparison.Ordinal) || l == "ENDED"));
        if (ready == "ENDED")
            throw new InvalidOperationException($"The service ended at once:\n{_output}");
        Port = int.Parse(ready.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        TaskCompletionSource more;
        lock (_lines)
        {
            _output.AppendLine(line);
            _lines.Add(line);
            (more, _more) = (_more, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        more.SetResult();
    }

    private async Task<T> WaitForAsync<T>(string phase, int from, TimeSpan limit, Func<IReadOnlyList<string>, T?> find)
        where T : class
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> lines;
            Task more;
            lock (_lines)
                (lines, more) = (_lines[from..], _more.Task);
            if (find(lines) is { } found)
                return found;
            var left = limit - TimeProvider.System.GetElapsedTime(started);
            try
            {
                await more.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, TimeProvider.System);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"The service: '{phase}' did not come about within {limit}. It said:\n{string.Join('\n', lines.TakeLast(40))}");
            }
        }
    }
}
