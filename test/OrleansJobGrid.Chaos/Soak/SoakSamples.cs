using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;
using StackExchange.Redis;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>What the processes and the store hold at a moment of the run.</summary>
/// <param name="At">On the run's clock.</param>
/// <param name="SiloMb">Resident memory of each silo, MB; 0: it does not run.</param>
/// <param name="SiloHandles">Open file descriptors of each.</param>
/// <param name="SiloThreads">Threads of each.</param>
/// <param name="StoreMb">Redis' <c>used_memory</c>.</param>
/// <param name="StoreFilesMb">Its files on disk.</param>
/// <param name="Queued">Jobs that wait.</param>
/// <param name="Completed">Jobs completed so far.</param>
internal sealed record SoakSample(
    TimeSpan At, IReadOnlyList<long> SiloMb, IReadOnlyList<int> SiloHandles, IReadOnlyList<int> SiloThreads, double StoreMb, double StoreFilesMb, long Queued, long Completed);

/// <summary>Takes a sample every ten seconds; where the grid or its store does not answer, none.</summary>
internal sealed class SoakSamples(SoakGrid grid, Journal journal, string path)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly List<SoakSample> _samples = [];

    /// <summary>Those taken so far; to be read when <see cref="RunAsync"/> has ended.</summary>
    public IReadOnlyList<SoakSample> Taken => _samples;

    public async Task RunAsync(CancellationToken end)
    {
        using var file = new StreamWriter(path) { AutoFlush = true };
        file.WriteLine("seconds,silo_mb,silo_handles,silo_threads,store_mb,store_files_mb,queued,completed");
        using var timer = new PeriodicTimer(Every, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                try
                {
                    var s = await TakeAsync(end);
                    _samples.Add(s);
                    await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{s.At.TotalSeconds:0},{string.Join(' ', s.SiloMb)},{string.Join(' ', s.SiloHandles)},{string.Join(' ', s.SiloThreads)},{s.StoreMb:0.0},{s.StoreFilesMb:0.0},{s.Queued},{s.Completed}"));
                }
                catch (Exception e) when (e is JobGridException or RedisException or IOException)
                {
                    journal.Say($"no sample: {e.Message}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private async Task<SoakSample> TakeAsync(CancellationToken cancellationToken)
    {
        GridMetrics? metrics = null;
        foreach (var client in grid.Clients)
        {
            try
            {
                metrics ??= await client.GetMetricsAsync(cancellationToken);
            }
            catch (JobGridException)
            {
                // The next one may answer.
            }
        }

        if (metrics is null)
            throw new IOException("no gateway answers");
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"{grid.Redis.Endpoint},connectTimeout=2000");
        var memory = (string)(await redis.GetDatabase().ExecuteAsync("INFO", "memory"))!;
        var used = memory.Split('\n').First(l => l.StartsWith("used_memory:", StringComparison.Ordinal)).Split(':')[1].Trim();
        var files = new DirectoryInfo(grid.Redis.Folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Exists ? f.Length : 0);
        var processes = grid.Silos.Select(s => Look(s.Process?.Id)).ToList();
        return new(
            journal.Now, [.. processes.Select(p => p.Mb)], [.. processes.Select(p => p.Handles)], [.. processes.Select(p => p.Threads)],
            double.Parse(used, CultureInfo.InvariantCulture) / 1e6, files / 1e6, metrics.QueueDepth, metrics.Completed);
    }

    private static (long Mb, int Handles, int Threads) Look(int? processId)
    {
        if (processId is not { } id)
            return default;
        try
        {
            using var process = Process.GetProcessById(id);
            return (process.WorkingSet64 >> 20, Directory.GetFiles($"/proc/{id}/fd").Length, process.Threads.Count);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException)
        {
            // It was killed at this moment.
            return default;
        }
    }
}
