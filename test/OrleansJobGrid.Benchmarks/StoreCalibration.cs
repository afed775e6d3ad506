using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Benchmarks;

/// <summary>What the store does by itself on this machine at this moment, to divide the grid's figures by.</summary>
internal static class StoreCalibration
{
    private const int Jobs = 20_000;
    private const int Batch = 500;

    /// <summary>Jobs a second through the store alone: three operations each, in batches of 500, all shards at once.</summary>
    public static async Task<double> StoreAsync(GridStore store, string payload)
    {
        await using var alone = await store.OpenAsync("calibration");
        await ApplyAsync(alone, "warm", payload, 2_000);
        return await ApplyAsync(alone, "job", payload, Jobs);
    }

    /// <summary>Plain SETs of 500 bytes a second, 50 clients, one at a time each (redis-benchmark); null where the program is absent.</summary>
    public static async Task<double?> SetAsync(int port)
    {
        var start = new ProcessStartInfo("redis-benchmark") { RedirectStandardOutput = true, UseShellExecute = false };
        string[] arguments = ["-p", port.ToString(CultureInfo.InvariantCulture), "-t", "set", "-c", "50", "-n", "100000", "-d", "500", "-r", "100000", "--csv"];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            // "SET","93283.58","0.265",…
            var line = output.Split('\n').First(l => l.StartsWith("\"SET\"", StringComparison.Ordinal));
            return double.Parse(line.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task<double> ApplyAsync(IJobStore store, string prefix, string payload, int jobs)
    {
        var clock = (await store.TakeSequenceAsync(jobs, CancellationToken.None)).Clock;
        var lanes = Enumerable.Range(0, jobs)
            .Select(n => HappyPath.Of($"{prefix}-{n}", payload, n, clock))
            .GroupBy(o => JobShard.Of(o[0].JobId, store.ShardCount))
            .Select(g => (Shard: g.Key, Batches: g.Chunk(Batch).ToArray()))
            .ToArray();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(lanes.Select(async lane =>
        {
            foreach (var batch in lane.Batches)
            {
                for (var step = 0; step < 3; step++)
                {
                    var answer = await store.ApplyAsync(lane.Shard, [.. batch.Select(o => o[step])], CancellationToken.None);
                    if (answer.Results.FirstOrDefault(r => r.Outcome != OperationOutcome.Applied) is { Outcome: not OperationOutcome.Applied } refused)
                        throw new InvalidOperationException($"The calibration's operation was not applied: {refused}.");
                }
            }
        }));
        return jobs / watch.Elapsed.TotalSeconds;
    }
}
