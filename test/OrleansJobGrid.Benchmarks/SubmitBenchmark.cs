using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// Submissions a second to a grid without workers: one <c>POST /api/jobs</c> at a time on each of many connections, one call of the ingress grain
/// at a time from each of as many submitters in a client of the cluster (on Redis: SQLite's grid takes no clients), and batches of 1,000 for
/// comparison; with the time from sending to the acknowledgement. The client takes its share of the same cores.
/// </summary>
internal static class SubmitBenchmark
{
    private const string Payload = """{"duration_ms":0}""";
    private const int WarmUpJobs = 10_000;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (jobs, connections) = (arguments.Number("--jobs", 50_000), arguments.Number("--connections", 64));
        var report = new BenchmarkReport("submit");
        foreach (var kind in arguments.Stores)
        {
            await using var store = await GridStore.StartAsync(kind);
            var sets = store.Redis is { } server ? await StoreCalibration.SetAsync(server.Port) : null;
            await using var grid = await GridProcess.StartAsync(store, slots: 0);
            using var traffic = new GridTraffic(grid.Url);
            await OneByOneAsync(traffic, "warm", WarmUpJobs, connections);
            await MeasureAsync(report, store, grid, "one by one", connections, jobs, sets, () => OneByOneAsync(traffic, "one", jobs, connections));
            if (store.Redis is { } redis)
            {
                using var client = await GridClient.ConnectAsync(redis.Endpoint);
                var grains = client.Services.GetRequiredService<IGrainFactory>();
                await ByGrainCallAsync(grains, "warm-call", WarmUpJobs, connections);
                await MeasureAsync(report, store, grid, "by grain call", connections, jobs, sets, () => ByGrainCallAsync(grains, "call", jobs, connections));
                await client.StopAsync();
            }

            var batches = GridTraffic.Batches("batch", jobs, Payload);
            await MeasureAsync(report, store, grid, "batches of 1,000", 4, jobs, sets, async () =>
            {
                await traffic.SubmitAsync(batches);
                return [];
            });
        }

        report.Write();
    }

    private static async Task MeasureAsync(
        BenchmarkReport report, GridStore store, GridProcess grid, string how, int connections, int jobs, double? sets, Func<Task<double[]>> submit)
    {
        using var self = Process.GetCurrentProcess();
        var (average, gridBefore, selfBefore) = (MachineLoad.Average(), grid.Cpu, self.TotalProcessorTime);
        var clock = Stopwatch.StartNew();
        var times = await submit();
        var took = clock.Elapsed;
        self.Refresh();
        Array.Sort(times);
        double? At(double share) => times.Length == 0 ? null : Math.Round(times[(int)((times.Length - 1) * share)], 2);
        var rate = jobs / took.TotalSeconds;
        report.Add(
            ("store", store.Name),
            ("how", how),
            ("connections", connections),
            ("jobs", jobs),
            ("submitted, jobs/s", Math.Round(rate)),
            ("p50, ms", At(0.5)),
            ("p99, ms", At(0.99)),
            ("grid CPU, us/job", Math.Round((grid.Cpu - gridBefore).TotalMicroseconds / jobs, 1)),
            ("client CPU, us/job", Math.Round((self.TotalProcessorTime - selfBefore).TotalMicroseconds / jobs, 1)),
            ("plain SET at 50 clients, /s", sets is { } s ? Math.Round(s) : null),
            ("submitted / plain SET", sets is { } t ? Math.Round(rate / t, 3) : null),
            ("load average before", average));
    }

    private static Task<double[]> OneByOneAsync(GridTraffic traffic, string prefix, int jobs, int connections) => FromManyAsync(jobs, connections, n =>
        traffic.SubmitOneAsync($$"""{"id":"{{prefix}}-{{n}}","service_required":"simulation","customer_id":"bench","payload":{{Payload}}}"""));

    private static Task<double[]> ByGrainCallAsync(IGrainFactory grains, string prefix, int jobs, int submitters)
    {
        var (payload, hash) = (Encoding.UTF8.GetBytes(Payload), new string('0', 64));
        return FromManyAsync(jobs, submitters, async n =>
        {
            IReadOnlyList<JobSubmission> one = [new() { Id = $"{prefix}-{n}", Service = "simulation", CustomerId = "bench", Payload = payload, BodyHash = hash }];
            var results = await grains.GetGrain<IJobIngressGrain>(0).Submit(new Immutable<IReadOnlyList<JobSubmission>>(one));
            if (results[0].Outcome != SubmitOutcome.Created)
                throw new InvalidOperationException($"A job of the benchmark was not taken: {results[0]}");
        });
    }

    /// <summary>Each job's time to its acknowledgement, ms.</summary>
    private static async Task<double[]> FromManyAsync(int jobs, int submitters, Func<int, Task> submit)
    {
        var (next, times) = (-1, new double[jobs]);
        await Task.WhenAll(Enumerable.Range(0, submitters).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var n && n < jobs)
            {
                var sent = Stopwatch.GetTimestamp();
                await submit(n);
                times[n] = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            }
        })));
        return times;
    }
}
