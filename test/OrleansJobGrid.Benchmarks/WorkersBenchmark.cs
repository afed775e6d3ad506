using Microsoft.Extensions.DependencyInjection;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// What many workers cost one grid process: signs of life alone, then with a waiting claim each, then with short jobs. The workers are
/// simulated in the benchmark's process, which is a client of the cluster.
/// </summary>
internal static class WorkersBenchmark
{
    private const int JobsPerSecond = 200;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (count, seconds) = (arguments.Number("--count", 1_000), arguments.Number("--seconds", 60));
        var report = new BenchmarkReport("workers");
        await using var store = await GridStore.StartAsync(GridStoreKind.RedisEverysec);
        await using var grid = await GridProcess.StartAsync(store, slots: 0);
        using var client = await GridClient.ConnectAsync(store.Redis!.Endpoint);
        var workers = new SimulatedWorkers(client.Services.GetRequiredService<IGrainFactory>(), count);
        await WaitAsync(10);
        await MeasureAsync("no workers", 10);

        await workers.BeginAsync();
        using var endClaims = new CancellationTokenSource();
        using var endBeats = new CancellationTokenSource();
        using var endJobs = new CancellationTokenSource();
        var beating = workers.BeatAsync(endBeats.Token);
        await WaitAsync(5);
        await MeasureAsync("heartbeats alone", seconds / 2);
        var claiming = workers.ClaimAsync(endClaims.Token);
        await WaitAsync(5);
        await MeasureAsync("heartbeats and waiting claims", seconds / 2);
        var submitting = workers.SubmitAsync(JobsPerSecond, endJobs.Token);
        await WaitAsync(5);
        await MeasureAsync($"the same and {JobsPerSecond} jobs/s", seconds);
        await endJobs.CancelAsync();
        await submitting;
        await endClaims.CancelAsync();
        await claiming;
        await endBeats.CancelAsync();
        await beating;
        Console.WriteLine($"{workers.Completed} jobs completed in all, {workers.Open} not granted, last failure: {workers.LastFailure ?? "none"}");
        report.Write();
        await client.StopAsync();

        async Task MeasureAsync(string phase, int length)
        {
            var average = MachineLoad.Average();
            workers.TakeBeats();
            workers.TakeClaims();
            var (refused, failures, completed, cpu, start) = (workers.RefusedBeats, workers.Failures, workers.Completed, grid.Cpu, TimeProvider.System.GetTimestamp());
            await WaitAsync(length);
            var took = TimeProvider.System.GetElapsedTime(start);
            cpu = grid.Cpu - cpu;
            var (beats, claims) = (workers.TakeBeats(), workers.TakeClaims());
            report.Add(
                ("phase", phase), ("workers", count), ("seconds", Math.Round(took.TotalSeconds, 1)),
                ("heartbeats answered", beats.Length), ("heartbeats refused", workers.RefusedBeats - refused),
                ("heartbeat p50, ms", Percentile(beats, 0.5)), ("heartbeat p99, ms", Percentile(beats, 0.99)),
                ("jobs completed", workers.Completed - completed), ("failures", workers.Failures - failures),
                ("submit to claim's answer p50, ms", Percentile(claims, 0.5)), ("submit to claim's answer p99, ms", Percentile(claims, 0.99)),
                ("grid CPU, % of a core", Math.Round(100 * cpu / took, 1)), ("grid resident, MB", grid.ResidentBytes >> 20),
                ("load average before", average));
        }
    }

    private static Task WaitAsync(int seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);

    private static double? Percentile(double[] values, double share) =>
        values.Length == 0 ? null : Math.Round(values.Order().ElementAt((int)Math.Ceiling(share * values.Length) - 1), 1);
}
