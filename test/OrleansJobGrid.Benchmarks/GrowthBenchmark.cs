using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// How the cost of a job grows with the jobs that are queued and with the workers that there are. Jobs are submitted as others end, so that
/// as many are queued from the first measured completion to the last. The first row is measured once more at the end, to tell what the
/// machine made of it.
/// </summary>
internal static class GrowthBenchmark
{
    private const string Payload = """{"duration_ms":0}""";
    private const int WarmUpJobs = 20_000;
    private const int DepthOfWorkers = 10_000;
    private const int SlotsOfDepths = 50;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (jobs, slots) = (arguments.Number("--jobs", 40_000), arguments.Number("--slots", 1_000));
        var (depths, counts) = (arguments.Numbers("--depths", "1000,10000,100000,1000000"), arguments.Numbers("--counts", "10,100,1000"));
        var report = new BenchmarkReport("growth");
        foreach (var kind in arguments.Stores)
        {
            foreach (var depth in depths.Append(depths[0]))
                await MeasureAsync(kind, jobs, depth, workers: 1, SlotsOfDepths, report);
            foreach (var count in counts.Append(counts[0]))
                await MeasureAsync(kind, jobs, DepthOfWorkers, count, slots / count, report);
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStoreKind kind, int jobs, int depth, int workers, int slots, BenchmarkReport report)
    {
        await using var store = await GridStore.StartAsync(kind);
        var average = MachineLoad.Average();
        // Real workers of one process, each with a session, heartbeats and claims of its own.
        var names = workers == 1 ? [] : Enumerable.Range(0, workers).Select(n => ($"JOBGRID_WORKERS__W{n}__SLOTS", slots.ToString(CultureInfo.InvariantCulture)));
        await using var grid = await GridProcess.StartAsync(store, slots, [.. names]);
        using var traffic = new GridTraffic(grid.Url);
        await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs, Payload));
        await traffic.CompletedAsync(WarmUpJobs);

        var sent = 0;
        async Task<long> FillAsync()
        {
            while (true)
            {
                var completed = await traffic.CompletedAsync() - WarmUpJobs;
                if (sent - completed >= depth)
                    return completed;
                var more = (int)Math.Min(depth - (sent - completed), 4_000);
                await traffic.SubmitAsync(GridTraffic.Batches("job", more, Payload, sent));
                sent += more;
            }
        }

        var before = await FillAsync();
        using var meter = new CpuMeter(store, grid);
        var after = before;
        while (after - before < jobs)
        {
            await Task.Delay(Look, TimeProvider.System);
            after = await FillAsync();
        }

        var use = meter.Read();
        report.Add(
        [
            ("store", store.Name),
            ("queued jobs", depth),
            ("workers", workers),
            ("slots of each", slots),
            ("end to end, jobs/s", Math.Round((after - before) / use.Took.TotalSeconds)),
            .. use.Columns(after - before),
            ("grid resident, MB", grid.ResidentBytes >> 20),
            ("load average before", average),
        ]);
    }
}
