using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>Jobs a second from a backlog that was queued before: the only worker is drained, the jobs are submitted, and it resumes.</summary>
internal static class DrainBenchmark
{
    private const string Payload = """{"duration_ms":0}""";
    private const string Worker = "bench";
    private const int WarmUpJobs = 10_000;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (backlogs, slots) = (arguments.Numbers("--jobs", "20000,200000"), arguments.Number("--slots", 50));
        var report = new BenchmarkReport("drain");
        foreach (var kind in arguments.Stores)
        {
            foreach (var jobs in backlogs)
            {
                await using var store = await GridStore.StartAsync(kind);
                await MeasureAsync(store, jobs, slots, report);
            }
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, int jobs, int slots, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        var sets = store.Redis is { } server ? await StoreCalibration.SetAsync(server.Port) : null;
        await using var grid = await GridProcess.StartAsync(store, slots, ("JOBGRID_WORKER__ID", Worker));
        using var traffic = new GridTraffic(grid.Url);
        await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs, Payload));
        await traffic.CompletedAsync(WarmUpJobs);
        await traffic.WorkAsync(Worker, false);
        await traffic.SubmitAsync(GridTraffic.Batches("job", jobs, Payload));
        if (await traffic.CompletedAsync() is not WarmUpJobs and var early)
            throw new InvalidOperationException($"{early - WarmUpJobs} jobs were completed by a worker that drains.");

        using var meter = new CpuMeter(store, grid);
        await traffic.WorkAsync(Worker, true);
        await traffic.CompletedAsync(WarmUpJobs + jobs);
        var use = meter.Read();
        var rate = jobs / use.Took.TotalSeconds;
        report.Add(
        [
            ("store", store.Name),
            ("queued jobs", jobs),
            ("drained, jobs/s", Math.Round(rate)),
            .. use.Columns(jobs),
            ("plain SET at 50 clients, /s", sets is { } s ? Math.Round(s) : null),
            ("drained / plain SET", sets is { } t ? Math.Round(rate / t, 3) : null),
            ("load average before", average),
        ]);
    }
}
