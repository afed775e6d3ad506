using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Storage;
using StackExchange.Redis;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// What queued jobs cost while nobody works on them: in Redis, in the grid's process (resident, from outside), and, in a silo inside this
/// process, in the managed heap after a full collection and in activations.
/// </summary>
internal static class MemoryBenchmark
{
    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var jobs = arguments.Number("--jobs", 100_000);
        // With its braces the job's body has some 500 bytes.
        var payload = $$"""{"duration_ms":0,"result":"{{new string('x', 380)}}"}""";
        var report = new BenchmarkReport("memory");
        await ProcessAsync(jobs, payload, report);
        await SiloAsync(jobs, payload, report);
        report.Write();
    }

    private static async Task ProcessAsync(int jobs, string payload, BenchmarkReport report)
    {
        await using var store = await GridStore.StartAsync(GridStoreKind.RedisEverysec);
        await using var grid = await GridProcess.StartAsync(store, slots: 0);
        using var traffic = new GridTraffic(grid.Url);
        await using var look = await ConnectionMultiplexer.ConnectAsync(store.Redis!.Endpoint);
        await traffic.SubmitAsync(GridTraffic.Batches("warm", 5_000, payload));
        var (residentBefore, redisBefore) = (grid.ResidentBytes, await RedisBytesAsync(look));
        await traffic.SubmitAsync(GridTraffic.Batches("job", jobs, payload));
        var (resident, redis) = (grid.ResidentBytes, await RedisBytesAsync(look));
        report.Add(
            ("variant", "process"), ("jobs", jobs),
            ("redis, B/job", (redis - redisBefore) / jobs),
            ("resident before, MB", residentBefore >> 20), ("resident after, MB", resident >> 20),
            ("resident growth, B/job (with garbage)", (resident - residentBefore) / jobs));
    }

    private static async Task SiloAsync(int jobs, string payload, BenchmarkReport report)
    {
        await using var store = await GridStore.StartAsync(GridStoreKind.RedisEverysec);
        var builder = new HostApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(await store.OpenAsync("jobgrid"));
        builder.Services.AddSingleton<IArtefactStore>(FolderArtefactStore.Open(Path.Combine(store.Folder, "artefacts"), TimeProvider.System));
        builder.UseOrleans(silo => silo.UseLocalhostClustering(TestKit.Grid.FreePorts.Next(), TestKit.Grid.FreePorts.Next()).UseInMemoryReminderService().AddJobGrid());
        using var host = builder.Build();
        await host.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await SubmitAsync(grains, "warm", 5_000, payload);
        var (heapBefore, activationsBefore) = (Heap(), await ActivationsAsync(grains));
        await SubmitAsync(grains, "job", jobs, payload);
        var depth = (await grains.GetGrain<IPriorityQueueGrain>(JobSubmissionLimits.DefaultQueue).Describe()).Depth;
        var (heap, activations) = (Heap(), await ActivationsAsync(grains));
        report.Add(
            ("variant", "silo"), ("jobs", jobs), ("queue's view holds", depth),
            ("heap before, MB", heapBefore >> 20), ("heap after, MB", heap >> 20), ("heap growth, B/job", (heap - heapBefore) / jobs),
            ("activations before", activationsBefore), ("activations after", activations));
        await host.StopAsync();
        await host.Services.GetRequiredService<IJobStore>().DisposeAsync();
    }

    private static async Task SubmitAsync(IGrainFactory grains, string prefix, int jobs, string payload)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(payload);
        foreach (var chunk in Enumerable.Range(0, jobs).Chunk(JobSubmissionLimits.JobsPerCall))
        {
            IReadOnlyList<JobSubmission> submissions = [.. chunk.Select(n => new JobSubmission
            {
                Id = $"{prefix}-{n.ToString(CultureInfo.InvariantCulture)}",
                Service = "simulation",
                CustomerId = "bench",
                Payload = bytes,
                BodyHash = new string('0', 64),
            })];
            var results = await grains.GetGrain<IJobIngressGrain>(0).Submit(new Immutable<IReadOnlyList<JobSubmission>>(submissions));
            if (results.Any(r => r.Outcome != SubmitOutcome.Created))
                throw new InvalidOperationException("A job of the benchmark was not taken.");
        }
    }

    private static async Task<int> ActivationsAsync(IGrainFactory grains) => await grains.GetGrain<IManagementGrain>(0).GetTotalActivationCount();

    private static long Heap() => GC.GetTotalMemory(forceFullCollection: true);

    private static async Task<long> RedisBytesAsync(ConnectionMultiplexer connection)
    {
        var info = (string)(await connection.GetDatabase().ExecuteAsync("INFO", "memory"))!;
        var line = info.Split('\n').First(l => l.StartsWith("used_memory:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1].Trim(), CultureInfo.InvariantCulture);
    }
}
