using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>A long run: load, kills, samples, and the report.</summary>
internal sealed class SoakRun(SoakOptions options)
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>The exit code: 0 where nothing was lost or doubled.</summary>
    public async Task<int> RunAsync(Action<string> say, CancellationToken cancellationToken)
    {
        if (Directory.Exists(options.Out))
            Directory.Delete(options.Out, recursive: true);
        Directory.CreateDirectory(options.Out);
        using var journal = new Journal(Path.Combine(options.Out, "journal"));
        await using var grid = await SoakGrid.StartAsync(options, journal, cancellationToken);
        var load = new SoakLoad(grid, options.Rate, journal);
        var faults = new SoakFaults(grid, options, journal);
        var samples = new SoakSamples(grid, journal, Path.Combine(options.Out, "samples.csv"));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sampling = samples.RunAsync(over.Token);
        await using var ends = new ProbeEnds(grid.Effects.Path, journal);
        await Task.WhenAll(load.RunAsync(options.Length, cancellationToken), faults.RunAsync(cancellationToken));
        var completed = await SettleAsync(grid, load.Acknowledged, cancellationToken);
        await over.CancelAsync();
        await sampling;
        await ends.DisposeAsync();

        var report = new SoakReport(options, load, faults.Done, samples.Taken, ends.Ends, completed);
        var text = report.ToString();
        say(text);
        await File.WriteAllTextAsync(Path.Combine(options.Out, "report.md"), text, CancellationToken.None);
        return report.Holds ? 0 : 1;
    }

    /// <summary>Completed jobs, once there are as many as were acknowledged, or when the time for that is over.</summary>
    private static async Task<long> SettleAsync(SoakGrid grid, long acknowledged, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var completed = (await grid.Clients[0].GetMetricsAsync(cancellationToken)).Completed;
                if (completed >= acknowledged || TimeProvider.System.GetElapsedTime(started) > SettleLimit)
                    return completed;
            }
            catch (JobGridException) when (TimeProvider.System.GetElapsedTime(started) < SettleLimit)
            {
                // It is asked again.
            }

            await Task.Delay(Poll, TimeProvider.System, cancellationToken);
        }
    }
}
