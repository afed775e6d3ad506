using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>What an open outbox costs the jobs, in turns with a closed one, and how fast a feed is read.</summary>
internal static class EventsBenchmark
{
    private const int WarmUpJobs = 5_000;
    private const int Page = 500;

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (count, slots, rounds) = (arguments.Number("--count", 20_000), arguments.Number("--slots", 50), arguments.Number("--rounds", 3));
        var report = new BenchmarkReport("events");
        foreach (var kind in arguments.Stores)
        {
            await using var store = await GridStore.StartAsync(kind);
            await MeasureAsync(store, count, slots, rounds, report);
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, int count, int slots, int rounds, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        await using var grid = await GridProcess.StartAsync(store, slots);
        using var traffic = new GridTraffic(grid.Url);
        using var http = new HttpClient { BaseAddress = grid.Url };
        var done = 0;
        async Task<TimeSpan> Jobs(string prefix, int jobs)
        {
            var started = TimeProvider.System.GetTimestamp();
            await traffic.SubmitAsync(GridTraffic.Batches(prefix, jobs, """{"duration_ms":0}"""));
            await traffic.CompletedAsync(done += jobs);
            return TimeProvider.System.GetElapsedTime(started);
        }

        await Jobs("warm", WarmUpJobs);
        var (closed, open, reading, events) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, 0);
        for (var round = 0; round < rounds; round++)
        {
            closed += await Jobs($"closed-{round}", count);
            using (var made = await http.PutAsJsonAsync("api/subscriptions/bench", new { deliver = "feed" }))
                made.EnsureSuccessStatusCode();
            open += await Jobs($"open-{round}", count);
            var started = TimeProvider.System.GetTimestamp();
            events += await ReadAsync(http);
            reading += TimeProvider.System.GetElapsedTime(started);
            using var ended = await http.DeleteAsync("api/subscriptions/bench");
            ended.EnsureSuccessStatusCode();
        }

        report.Add(
            ("store", store.Name),
            ("jobs a round", count),
            ("rounds", rounds),
            ("jobs/s, no subscription", Math.Round(rounds * count / closed.TotalSeconds)),
            ("jobs/s, a subscription", Math.Round(rounds * count / open.TotalSeconds)),
            ("ratio", Math.Round(closed / open, 3)),
            ("events", events),
            ("events/s read over HTTP", Math.Round(events / reading.TotalSeconds)),
            ("load average before", average));
    }

    private static async Task<int> ReadAsync(HttpClient http)
    {
        for (var (count, after) = (0, ""); ;)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"api/subscriptions/bench/events?limit={Page}{after}"));
            if (page.RootElement.GetProperty("events").GetArrayLength() is var found && found == 0)
                return count;
            count += found;
            after = "&after=" + page.RootElement.GetProperty("position").GetString();
        }
    }
}
