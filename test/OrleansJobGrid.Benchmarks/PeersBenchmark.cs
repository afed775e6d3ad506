using System.Diagnostics;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Benchmarks.Peers;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// The same work on other queues, one after the other on the same redis-server, emptied between them: jobs from submission to completion, and
/// the drain of a backlog. This grid is measured first and last; the ratios are to its better run.
/// </summary>
internal static class PeersBenchmark
{
    private const int WarmUpJobs = 10_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (jobs, slots) = (arguments.Number("--jobs", 50_000), arguments.Number("--slots", 50));
        var peers = arguments.Names("--peers", "grid", "bullmq", "hangfire");
        var report = new BenchmarkReport("peers");
        foreach (var kind in arguments.Stores.Where(k => k != GridStoreKind.Sqlite))
        {
            await using var store = await GridStore.StartAsync(kind);
            Func<Task<IPeer>>[] starts = [];
            if (peers.Contains("bullmq"))
            {
                var folder = await BullMqPeer.InstallAsync(store);
                starts = [() => BullMqPeer.StartAsync(store, folder, slots, 1), () => BullMqPeer.StartAsync(store, folder, slots, 2)];
            }

            if (peers.Contains("hangfire"))
                starts = [.. starts, () => HangfirePeer.StartAsync(store, slots)];
            if (peers.Contains("grid"))
                starts = [() => GridPeer.StartAsync(store, slots), .. starts, () => GridPeer.StartAsync(store, slots)];
            foreach (var start in starts)
            {
                await store.EmptyAsync();
                await MeasureAsync(store, start, jobs, report);
            }
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, Func<Task<IPeer>> start, int jobs, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        await using var peer = await start();
        await peer.SubmitAsync(WarmUpJobs);
        await CompletedAsync(peer, WarmUpJobs);

        using var redis = Process.GetProcessById(store.Redis!.ProcessId);
        var (cpu, redisCpu) = (peer.Cpu, redis.TotalProcessorTime);
        var clock = Stopwatch.StartNew();
        await peer.SubmitAsync(jobs);
        var submitted = clock.Elapsed;
        await CompletedAsync(peer, WarmUpJobs + jobs);
        var all = clock.Elapsed;
        redis.Refresh();
        (cpu, redisCpu) = (peer.Cpu - cpu, redis.TotalProcessorTime - redisCpu);

        await peer.WorkAsync(false);
        await peer.SubmitAsync(jobs);
        clock.Restart();
        await peer.WorkAsync(true);
        await CompletedAsync(peer, WarmUpJobs + jobs + jobs);
        report.Add(
            ("queue", peer.Name),
            ("store", store.Name),
            ("jobs", jobs),
            ("submitted, jobs/s", Math.Round(jobs / submitted.TotalSeconds)),
            ("end to end, jobs/s", Math.Round(jobs / all.TotalSeconds)),
            ("drained, jobs/s", Math.Round(jobs / clock.Elapsed.TotalSeconds)),
            ("its CPU, us/job", Math.Round(cpu.TotalMicroseconds / jobs, 1)),
            ("redis CPU, us/job", Math.Round(redisCpu.TotalMicroseconds / jobs, 1)),
            ("load average before", average));
    }

    private static async Task CompletedAsync(IPeer peer, long count)
    {
        var clock = Stopwatch.StartNew();
        while (await peer.CompletedAsync() is var completed && completed < count)
        {
            if (clock.Elapsed > Limit)
                throw new TimeoutException($"{peer.Name}: {completed} of {count} jobs were completed within {Limit}.");
            await Task.Delay(Look, TimeProvider.System);
        }
    }
}
