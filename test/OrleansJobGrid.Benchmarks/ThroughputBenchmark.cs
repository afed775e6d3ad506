using System.Diagnostics;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// Jobs a second from <c>POST /api/jobs/batch</c> to completed, through the built program as one process (gateway, grid and worker), with
/// the processor time that they cost, beside what the store does alone in the same run. The ratios are the result.
/// </summary>
internal static class ThroughputBenchmark
{
    private const string Payload = """{"duration_ms":0}""";
    private const int WarmUpJobs = 10_000;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (jobs, slots, dashboard) = (arguments.Number("--jobs", 50_000), arguments.Number("--slots", 50), arguments.Dashboard);
        var report = new BenchmarkReport("throughput");
        foreach (var kind in arguments.Stores)
        {
            await using var store = await GridStore.StartAsync(kind);
            await MeasureAsync(store, jobs, slots, dashboard, report);
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, int jobs, int slots, bool dashboard, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        var alone = await StoreCalibration.StoreAsync(store, Payload);
        var sets = store.Redis is { } server ? await StoreCalibration.SetAsync(server.Port) : null;
        await using var grid = await GridProcess.StartAsync(store, slots, ("JOBGRID_DASHBOARD", dashboard ? "true" : "false"));
        using var traffic = new GridTraffic(grid.Url);
        await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs, Payload));
        await traffic.CompletedAsync(WarmUpJobs);

        var batches = GridTraffic.Batches("job", jobs, Payload);
        using var redis = store.Redis is { } running ? Process.GetProcessById(running.ProcessId) : null;
        using var self = Process.GetCurrentProcess();
        var (gridBefore, redisBefore, selfBefore, busyBefore) = (grid.Cpu, Cpu(redis), Cpu(self), MachineLoad.Busy());
        var clock = Stopwatch.StartNew();
        var submitting = await traffic.SubmitAsync(batches);
        await traffic.CompletedAsync(WarmUpJobs + jobs);
        var all = clock.Elapsed;
        var (gridCpu, redisCpu, selfCpu) = (grid.Cpu - gridBefore, Cpu(redis) - redisBefore, Cpu(self) - selfBefore);
        var others = MachineLoad.Busy() - busyBefore - gridCpu - redisCpu - selfCpu;

        var (submitRate, rate) = (jobs / submitting.TotalSeconds, jobs / all.TotalSeconds);
        report.Add(
            ("store", store.Name),
            ("jobs", jobs),
            ("dashboard", dashboard ? "on" : "off"),
            ("submitted, jobs/s", Math.Round(submitRate)),
            ("end to end, jobs/s", Math.Round(rate)),
            ("grid CPU, us/job", Math.Round(gridCpu.TotalMicroseconds / jobs, 1)),
            ("redis CPU, us/job", redis is null ? null : Math.Round(redisCpu.TotalMicroseconds / jobs, 1)),
            ("client CPU, us/job", Math.Round(selfCpu.TotalMicroseconds / jobs, 1)),
            ("store alone, jobs/s", Math.Round(alone)),
            ("end to end / store alone", Math.Round(rate / alone, 3)),
            ("plain SET at 50 clients, /s", sets is { } s ? Math.Round(s) : null),
            ("end to end / plain SET", sets is { } t ? Math.Round(rate / t, 3) : null),
            ("load average before", average),
            ("cores taken by other processes", others is { } o ? Math.Round(o / all, 2) : null));
    }

    private static TimeSpan Cpu(Process? process)
    {
        process?.Refresh();
        return process?.TotalProcessorTime ?? TimeSpan.Zero;
    }
}
