using System.Diagnostics;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Benchmarks;

/// <summary>How long a queue that comes up again takes to read its ready entries from a SQLite store and to make its view of them.</summary>
internal static class RebuildBenchmark
{
    private const string Queue = "default";
    private const int Batch = 500;
    private const int SignatureCount = 500;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var report = new BenchmarkReport("rebuild");
        await MeasureAsync(arguments.Number("--jobs", 200_000), report);
        report.Write();
    }

    public static async Task MeasureAsync(int jobs, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        await using var place = await GridStore.StartAsync(GridStoreKind.Sqlite);
        await using (var writing = await place.OpenAsync("rebuild"))
            await FillAsync(writing, jobs);
        await using var store = await place.OpenAsync("rebuild");
        var view = new ReadyView(store.ShardCount);
        var texts = new Dictionary<long, Signature>();
        var (reading, making) = (new Stopwatch(), new Stopwatch());
        foreach (var mark in await store.ReadReadyMarksAsync(CancellationToken.None))
        {
            reading.Start();
            var found = await ReadAsync(store, mark.Shard);
            foreach (var (hash, text) in await store.ReadSignaturesAsync(mark.Shard, CancellationToken.None))
                texts[hash] = new(text);
            reading.Stop();
            making.Start();
            view.Reconcile(mark.Shard, mark.LastNumber, found, hash => texts[hash]);
            making.Stop();
        }

        if (view.Count != jobs)
            throw new InvalidOperationException($"The view holds {view.Count} jobs and not {jobs}.");
        report.Add(
            ("policy", "rebuild from sqlite, strict"), ("jobs", jobs), ("signatures", SignatureCount),
            ("reading, s", Math.Round(reading.Elapsed.TotalSeconds, 2)), ("reconciling, s", Math.Round(making.Elapsed.TotalSeconds, 2)),
            ("in all, us/job", Math.Round((reading.Elapsed + making.Elapsed).TotalMicroseconds / jobs, 2)),
            ("load average before", average));
    }

    /// <summary>The pages of a shard's ready entries, as the queue reads them.</summary>
    private static async Task<Dictionary<string, StoredReady>> ReadAsync(IJobStore store, int shard)
    {
        var found = new Dictionary<string, StoredReady>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            var page = await store.ReadReadyAsync(shard, Queue, cursor, CancellationToken.None);
            foreach (var ready in page.Entries)
                found[ready.JobId] = ready;
            cursor = page.Next;
        }
        while (cursor is not null);
        return found;
    }

    private static async Task FillAsync(IJobStore store, int jobs)
    {
        var world = new ClaimWorld(SignatureCount, 100);
        var record = new byte[100];
        for (var done = 0; done < jobs; done += Batch)
        {
            var batch = Enumerable.Range(0, Math.Min(Batch, jobs - done)).Select(_ => Submit(world, record)).ToList();
            foreach (var lane in batch.GroupBy(o => JobShard.Of(o.JobId, store.ShardCount)))
            {
                var answer = await store.ApplyAsync(lane.Key, [.. lane], CancellationToken.None);
                if (!answer.Results.All(r => r.Outcome == OperationOutcome.Applied))
                    throw new InvalidOperationException("An operation was not applied.");
            }
        }
    }

    private static JobOperation Submit(ClaimWorld world, byte[] record)
    {
        var (ready, signature) = world.Next(1_785_000_000_000);
        return new()
        {
            JobId = ready.JobId,
            OperationId = Guid.NewGuid(),
            ExpectedVersion = 0,
            Record = record,
            AddReady = new(Queue, ready.Order, ready.Signature, signature.Text, ready.Customer),
        };
    }
}
