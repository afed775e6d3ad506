using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// How the cost of a job grows with the jobs that are queued and with the workers that there are. Of the first kind jobs are submitted as
/// others end, so that as many are queued from the first measured completion to the last; of the second they are submitted in batches as fast
/// as they are taken. The first row of each is measured once more at the end, to tell what the machine made of it.
/// At a depth at least as many jobs are measured as are queued: Redis writes its log anew each time that it has doubled, and a shorter row has
/// the whole of that, or nothing, in it.
/// </summary>
internal static class GrowthBenchmark
{
    private const string Payload = """{"duration_ms":0}""";
    // The grid's code is compiled anew, in the background, over its first half minute under load: a third of what it takes of the processor then.
    private const int WarmUpJobs = 100_000;
    private const int SlotsOfDepths = 50;

    /// <summary>Jobs submitted at a time.</summary>
    private const int Most = 4_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        // Slots are shared between the workers, unless each has so many of its own.
        var (jobs, slots, each) = (arguments.Number("--jobs", 40_000), arguments.Number("--slots", 1_000), arguments.Number("--slots-each", 0));
        var (depths, counts) = (arguments.Numbers("--depths", "1000,10000,100000,1000000"), arguments.Numbers("--counts", "10,100,1000"));
        var report = new BenchmarkReport("growth");
        foreach (var kind in arguments.Stores)
        {
            foreach (var depth in depths.Concat(depths.Take(1)))
            {
                await using var store = await GridStore.StartAsync(kind);
                await using var grid = await GridProcess.StartAsync(store, SlotsOfDepths);
                await MeasureAsync(store, grid, ("queued jobs", depth), report, traffic => AtDepthAsync(traffic, store, grid, depth, Math.Max(jobs, depth)));
            }

            foreach (var count in counts.Concat(counts.Take(1)))
            {
                await using var store = await GridStore.StartAsync(kind);
                // Real workers of one process, each with a session, heartbeats and claims of its own.
                var own = (each > 0 ? each : Math.Max(1, slots / count)).ToString(CultureInfo.InvariantCulture);
                await using var grid = await GridProcess.StartAsync(store, 1, [.. Enumerable.Range(0, count).Select(n => ($"JOBGRID_WORKERS__W{n}__SLOTS", own))]);
                await MeasureAsync(store, grid, ("workers", count), report, traffic => ThroughAsync(traffic, store, grid, jobs));
            }
        }

        report.Write();
    }

    private static async Task MeasureAsync(
        GridStore store, GridProcess grid, (string Name, int Value) row, BenchmarkReport report, Func<GridTraffic, Task<(CpuUse Use, long Completed)>> run)
    {
        var average = MachineLoad.Average();
        using var traffic = new GridTraffic(grid.Url);
        await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs, Payload));
        await traffic.CompletedAsync(WarmUpJobs);
        var (use, completed) = await run(traffic);
        report.Add(
        [
            ("store", store.Name),
            (row.Name, row.Value),
            ("end to end, jobs/s", Math.Round(completed / use.Took.TotalSeconds)),
            .. use.Columns(completed),
            ("grid resident, MB", grid.ResidentBytes >> 20),
            ("load average before", average),
        ]);
    }

    private static async Task<(CpuUse Use, long Completed)> ThroughAsync(GridTraffic traffic, GridStore store, GridProcess grid, int jobs)
    {
        var batches = GridTraffic.Batches("job", jobs, Payload);
        using var meter = new CpuMeter(store, grid);
        await traffic.SubmitAsync(batches);
        await traffic.CompletedAsync(WarmUpJobs + jobs);
        return (meter.Read(), jobs);
    }

    private static async Task<(CpuUse Use, long Completed)> AtDepthAsync(GridTraffic traffic, GridStore store, GridProcess grid, int depth, int jobs)
    {
        var sent = 0;
        async Task<(long Completed, bool Full)> FillAsync()
        {
            var completed = await traffic.CompletedAsync() - WarmUpJobs;
            var room = (int)Math.Max(0, depth - (sent - completed));
            var more = Math.Min(room, Most);
            if (more > 0)
                await traffic.SubmitAsync(GridTraffic.Batches("job", more, Payload, sent));
            sent += more;
            return (completed, room <= Most);
        }

        while (!(await FillAsync()).Full)
        {
        }

        var (before, _) = await FillAsync();
        using var meter = new CpuMeter(store, grid);
        var after = before;
        while (after - before < jobs)
        {
            await Task.Delay(Look, TimeProvider.System);
            (after, _) = await FillAsync();
        }

        return (meter.Read(), after - before);
    }
}
