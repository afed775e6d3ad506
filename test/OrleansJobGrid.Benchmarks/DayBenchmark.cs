using System.Diagnostics;
using System.Globalization;
using OrleansJobGrid.Benchmarks.Harness;
using OrleansJobGrid.Benchmarks.Simulation;

namespace OrleansJobGrid.Benchmarks;

/// <summary>What affinity and fairness bring and cost over a simulated day: the same jobs under four policies.</summary>
internal static class DayBenchmark
{
    public static Task RunAsync(BenchmarkArguments arguments)
    {
        var settings = new DaySettings { Workers = arguments.Number("--workers", 50), Hours = arguments.Number("--hours", 24) };
        var report = new BenchmarkReport("day");
        foreach (var (fair, affinity) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var clock = Stopwatch.StartNew();
            var day = DaySimulation.Run(settings with { Fair = fair, Affinity = affinity });
            report.Add(
                ("fair", fair), ("affinity", affinity), ("jobs", day.Jobs), ("never started", day.Lost), ("idle beside work", day.Stranded),
                ("out of turn without affinity", day.OutOfTurn),
                ("model loads/100 jobs", Math.Round(day.LoadsPer100Jobs, 1)),
                ("mean wait by customer, s", Join(day.MeanWaitSeconds, "0")), ("p99 wait by customer, s", Join(day.P99WaitSeconds, "0")),
                ("jobs in overload", day.OverloadJobs), ("share in overload by customer", Join(day.OverloadShare, "0.000")), ("Jain", Math.Round(day.Jain, 4)),
                ("most bypasses", day.MostBypasses), ("longest after first bypass, s", Math.Round(day.LongestAfterBypassSeconds)),
                ("utilization", Math.Round(day.Utilization, 3)), ("last job ended, h", Math.Round(day.Hours, 2)),
                ("simulated in, s", Math.Round(clock.Elapsed.TotalSeconds, 1)));
        }

        report.Write();
        return Task.CompletedTask;
    }

    private static string Join(IEnumerable<double> values, string format) =>
        string.Join(" / ", values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)));
}
