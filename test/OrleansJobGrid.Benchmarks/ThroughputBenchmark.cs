using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// Jobs a second from <c>POST /api/jobs/batch</c> to completed, through the built program as one process (gateway, grid and worker) or with
/// more silos beside it, and the processor time that they cost, beside what the store does alone in the same run. The ratios are the result.
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
            foreach (var silos in arguments.Numbers("--silos", "1").Where(n => n == 1 || kind != GridStoreKind.Sqlite))
            {
                await using var store = await GridStore.StartAsync(kind);
                await MeasureAsync(store, silos, jobs, slots, dashboard, report);
            }
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, int silos, int jobs, int slots, bool dashboard, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        var alone = await StoreCalibration.StoreAsync(store, Payload);
        var sets = store.Redis is { } server ? await StoreCalibration.SetAsync(server.Port) : null;
        var own = (slots + silos - 1) / silos;
        var setting = ("JOBGRID_DASHBOARD", dashboard ? "true" : "false");
        await using var grid = await GridProcess.StartAsync(store, own, setting);
        var others = new List<GridProcess>();
        try
        {
            while (others.Count < silos - 1)
                others.Add(await GridProcess.StartAsync(store, "grid,worker", own, setting));
            using var traffic = new GridTraffic(grid.Url);
            await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs * silos, Payload));
            await traffic.CompletedAsync(WarmUpJobs * silos);

            var batches = GridTraffic.Batches("job", jobs, Payload);
            using var meter = new CpuMeter(store, [grid, .. others]);
            var submitting = await traffic.SubmitAsync(batches);
            await traffic.CompletedAsync((WarmUpJobs * silos) + jobs);
            var use = meter.Read();
            var rate = jobs / use.Took.TotalSeconds;
            report.Add(
            [
                ("store", store.Name),
                ("silos", silos),
                ("jobs", jobs),
                ("dashboard", dashboard ? "on" : "off"),
                ("submitted, jobs/s", Math.Round(jobs / submitting.TotalSeconds)),
                ("end to end, jobs/s", Math.Round(rate)),
                .. use.Columns(jobs),
                ("store alone, jobs/s", Math.Round(alone)),
                ("end to end / store alone", Math.Round(rate / alone, 3)),
                ("plain SET at 50 clients, /s", sets is { } s ? Math.Round(s) : null),
                ("end to end / plain SET", sets is { } t ? Math.Round(rate / t, 3) : null),
                ("load average before", average),
            ]);
        }
        finally
        {
            foreach (var other in others)
                await other.DisposeAsync();
        }
    }
}
