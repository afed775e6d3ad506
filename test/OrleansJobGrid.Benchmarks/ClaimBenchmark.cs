using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Benchmarks;

/// <summary>
/// What a claim costs in a queue of a million jobs, by the number of different requirements: the time to fill the view, its memory, and
/// the time of a claim (the choice, and another job that comes in its place), for each policy.
/// </summary>
internal static class ClaimBenchmark
{
    private const int CustomerCount = 100;
    private const int FillChunk = 10_000;
    private const long Clock = 1_785_000_000_000;

    private static readonly (string Name, QueuePolicy Policy)[] Policies =
    [
        ("strict", QueuePolicy.Strict),
        ("fair", new() { Fair = true }),
        ("fair and affinity", new() { Fair = true, Affinity = true }),
    ];

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (jobs, claims) = (arguments.Number("--jobs", 1_000_000), arguments.Number("--count", 20_000));
        var report = new BenchmarkReport("claims");
        foreach (var (name, policy) in Policies)
        {
            double? first = null;
            foreach (var count in arguments.Numbers("--signatures", "100,500,1000"))
                first = Measure(name, policy, jobs, count, claims, first, report);
        }

        await RebuildBenchmark.MeasureAsync(arguments.Number("--rebuild", 200_000), report);
        report.Write();
    }

    private static double Measure(string name, QueuePolicy policy, int jobs, int signatures, int count, double? first, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        var world = new ClaimWorld(signatures, CustomerCount);
        // Compiles what is measured below.
        Claim(Fill(policy, world, FillChunk).View, world, 500);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (view, filling) = Fill(policy, world, jobs);
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)jobs;
        Claim(view, world, count / 10);
        var (claims, ends) = Claim(view, world, count);
        if (view.Count != jobs)
            throw new InvalidOperationException($"The view holds {view.Count} jobs and not {jobs}.");
        var p50 = Percentile(claims, 0.5);
        report.Add(
            ("policy", name), ("jobs", jobs), ("signatures", signatures), ("claims", count),
            ("served by each profile, %", string.Join(' ', world.Workers.Select(w => Math.Round(100.0 * world.Served(w) / signatures).ToString(CultureInfo.InvariantCulture)))),
            ("filling, s", Math.Round(filling.TotalSeconds, 2)), ("bytes/job", Math.Round(bytes)),
            ("claim p50, us", Math.Round(p50, 1)), ("claim p99, us", Math.Round(Percentile(claims, 0.99), 1)), ("claim max, us", Math.Round(claims.Max())),
            ("claim p50 / p50 at the first count", Math.Round(p50 / (first ?? p50), 2)),
            ("end p50, us", Math.Round(Percentile(ends, 0.5), 1)), ("end p99, us", Math.Round(Percentile(ends, 0.99), 1)),
            ("load average before", average));
        GC.KeepAlive(view);
        return first ?? p50;
    }

    private static (ReadyView View, TimeSpan Time) Fill(QueuePolicy policy, ClaimWorld world, int jobs)
    {
        var view = new ReadyView(1, policy);
        var clock = new Stopwatch();
        for (var done = 0; done < jobs; done += FillChunk)
        {
            var chunk = Enumerable.Range(0, Math.Min(FillChunk, jobs - done)).Select(_ => world.Next(Clock)).ToArray();
            clock.Start();
            foreach (var (ready, signature) in chunk)
                view.Add(0, ready, signature);
            clock.Stop();
        }

        return (view, clock.Elapsed);
    }

    /// <summary>Times in microseconds of claims, each with the job that comes in, and of the word that the job ended.</summary>
    private static (double[] Claims, double[] Ends) Claim(ReadyView view, ClaimWorld world, int count)
    {
        var (claims, ends) = (new double[count], new double[count]);
        for (var n = 0; n < count; n++)
        {
            var worker = n % world.Workers.Count;
            var facts = world.Facts(worker);
            var (ready, signature) = world.Next(Clock + n);
            var start = Stopwatch.GetTimestamp();
            var item = view.Pop(world.Workers[worker], facts, Clock + n)
                ?? throw new InvalidOperationException("A claim got nothing from a full queue.");
            view.Add(0, ready, signature);
            claims[n] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            world.Loaded(worker, item.Signature);
            start = Stopwatch.GetTimestamp();
            view.Ended(item.Ready.Customer, item.Charge, 1 + (n % 7));
            ends[n] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return (claims, ends);
    }

    private static double Percentile(double[] values, double share) => values.Order().ElementAt((int)Math.Ceiling(share * values.Length) - 1);
}
