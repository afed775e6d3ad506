using System.Collections.Concurrent;
using System.Diagnostics;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// From the sending of <c>POST /api/jobs</c> to the first byte that the job's handler writes, on a warm grid whose workers wait. The jobs
/// append a line to a file in memory; this process is told by the system when the file changed, and stamps it with the same clock. The
/// telling itself (some 0.1 ms) is in the figures.
/// </summary>
internal static class LatencyBenchmark
{
    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (seconds, slots) = (arguments.Number("--seconds", 20), arguments.Number("--slots", 50));
        var report = new BenchmarkReport("latency");
        foreach (var kind in arguments.Stores)
        {
            await using var store = await GridStore.StartAsync(kind);
            var folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : store.Folder, $"jobgrid-bench-{Environment.ProcessId}")).FullName;
            try
            {
                await using var grid = await GridProcess.StartAsync(store, slots, ("JOBGRID_SIMULATION__SIDEEFFECTFOLDERS__0", folder));
                using var traffic = new GridTraffic(grid.Url);
                using var starts = new StartWatch(Path.Combine(folder, "starts"));
                var sent = 0;
                foreach (var (rate, measured) in arguments.Rates.SelectMany(r => new[] { (r, false), (r, true) }))
                {
                    var (average, count) = (MachineLoad.Average(), rate * (measured ? seconds : Math.Max(5, 2_000 / rate)));
                    var times = await RunAsync(traffic, starts, rate, sent, count);
                    sent += count;
                    await traffic.CompletedAsync(sent);
                    if (measured)
                        Report(report, store, rate, times, average);
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        report.Write();
    }

    /// <summary>Sends at the rate whatever the answers do, and returns each job's time in ms.</summary>
    private static async Task<double[]> RunAsync(GridTraffic traffic, StartWatch starts, int rate, int first, int count)
    {
        var sending = new List<Task>(count);
        var sentAt = new long[count];
        var clock = Stopwatch.StartNew();
        for (var n = 0; n < count; n++)
        {
            var due = TimeSpan.FromSeconds((double)n / rate) - clock.Elapsed;
            if (due > TimeSpan.Zero)
                await Task.Delay(due, TimeProvider.System);
            var job = $$$"""{"id":"job-{{{first + n}}}","service_required":"simulation","payload":{"duration_ms":0,"side_effect_file":"{{{starts.File}}}"}}""";
            sentAt[n] = Stopwatch.GetTimestamp();
            sending.Add(traffic.SubmitOneAsync(job));
        }

        await Task.WhenAll(sending);
        var times = new double[count];
        for (var n = 0; n < count; n++)
            times[n] = Stopwatch.GetElapsedTime(sentAt[n], await starts.OfAsync($"job-{first + n}")).TotalMilliseconds;
        return times;
    }

    private static void Report(BenchmarkReport report, GridStore store, int rate, double[] times, string average)
    {
        Array.Sort(times);
        double At(double part) => Math.Round(times[(int)Math.Min(times.Length - 1, times.Length * part)], 2);
        report.Add(
            ("store", store.Name), ("offered, jobs/s", rate), ("jobs", times.Length),
            ("submit to start p50, ms", At(0.5)), ("p95, ms", At(0.95)), ("p99, ms", At(0.99)), ("worst, ms", At(1)),
            ("load average before", average));
    }

    /// <summary>Stamps the lines <c>START job epoch</c> as they come into a file.</summary>
    private sealed class StartWatch : IDisposable
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

        private readonly ConcurrentDictionary<string, TaskCompletionSource<long>> _starts = new();
        private readonly FileStream _file;
        private readonly StreamReader _lines;
        private readonly FileSystemWatcher _watcher;
        private readonly Lock _lock = new();
        private string _rest = "";

        public StartWatch(string file)
        {
            File = file;
            _file = new FileStream(file, FileMode.CreateNew, FileAccess.Read | FileAccess.Write, FileShare.ReadWrite);
            _lines = new StreamReader(_file);
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(file)!) { NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size };
            _watcher.Changed += (_, _) => Read();
            _watcher.EnableRaisingEvents = true;
        }

        public string File { get; }

        public Task<long> OfAsync(string job) => Start(job).Task.WaitAsync(Limit, TimeProvider.System);

        public void Dispose()
        {
            _watcher.Dispose();
            _lines.Dispose();
            _file.Dispose();
        }

        private void Read()
        {
            var now = Stopwatch.GetTimestamp();
            lock (_lock)
            {
                var lines = (_rest + _lines.ReadToEnd()).Split('\n');
                _rest = lines[^1];
                foreach (var line in lines[..^1].Where(l => l.StartsWith("START ", StringComparison.Ordinal)))
                    Start(line.Split(' ')[1]).TrySetResult(now);
            }
        }

        private TaskCompletionSource<long> Start(string job) =>
            _starts.GetOrAdd(job, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
