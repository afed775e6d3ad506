using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Benchmarks.Harness;

namespace OrleansJobGrid.Benchmarks;

/// <summary>Sagas of five jobs one after another, all at once, against the same jobs alone on the same grid.</summary>
internal static class SagaBenchmark
{
    private const int Steps = 5;
    private const int WarmUpJobs = 5_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(BenchmarkArguments arguments)
    {
        var (count, slots, durations) = (arguments.Number("--count", 1_000), arguments.Number("--slots", 50), arguments.Numbers("--milliseconds", "1,50,200"));
        var report = new BenchmarkReport("sagas");
        foreach (var kind in arguments.Stores)
        {
            foreach (var milliseconds in durations)
            {
                await using var store = await GridStore.StartAsync(kind);
                await MeasureAsync(store, count, slots, milliseconds, report);
            }
        }

        report.Write();
    }

    private static async Task MeasureAsync(GridStore store, int count, int slots, int milliseconds, BenchmarkReport report)
    {
        var average = MachineLoad.Average();
        await using var grid = await GridProcess.StartAsync(store, slots);
        using var traffic = new GridTraffic(grid.Url);
        using var http = new HttpClient { BaseAddress = grid.Url };
        var payload = $$"""{"duration_ms":{{milliseconds}}}""";
        await traffic.SubmitAsync(GridTraffic.Batches("warm", WarmUpJobs, """{"duration_ms":0}"""));
        await traffic.CompletedAsync(WarmUpJobs);
        await SagasAsync(http, "warm", count / 10, """{"duration_ms":0}""");
        await OverAsync(http, count / 10);
        var done = WarmUpJobs + (count / 10 * Steps);
        await traffic.CompletedAsync(done);

        var started = TimeProvider.System.GetTimestamp();
        await traffic.SubmitAsync(GridTraffic.Batches("job", count * Steps, payload));
        await traffic.CompletedAsync(done + (count * Steps));
        var alone = TimeProvider.System.GetElapsedTime(started);

        started = TimeProvider.System.GetTimestamp();
        await SagasAsync(http, "saga", count, payload);
        var submitted = TimeProvider.System.GetElapsedTime(started);
        await OverAsync(http, (count / 10) + count);
        var took = TimeProvider.System.GetElapsedTime(started);
        var times = await TimesAsync(http, count);
        report.Add(
            ("store", store.Name),
            ("sagas of 5 jobs", count),
            ("job, ms", milliseconds),
            ("slots", slots),
            ("sagas/s", Math.Round(count / took.TotalSeconds, 1)),
            ("all submitted after, s", Math.Round(submitted.TotalSeconds, 2)),
            ("sagas, s", Math.Round(took.TotalSeconds, 2)),
            ("the same jobs alone, s", Math.Round(alone.TotalSeconds, 2)),
            ("overhead, %", Math.Round((took / alone - 1) * 100, 1)),
            ("a saga's time p50, s", Math.Round(times[times.Count / 2], 2)),
            ("a saga's time p99, s", Math.Round(times[times.Count * 99 / 100], 2)),
            ("load average before", average));
    }

    private static Task SagasAsync(HttpClient http, string prefix, int count, string payload) => Parallel.ForEachAsync(
        Enumerable.Range(0, count),
        new ParallelOptions { MaxDegreeOfParallelism = 64 },
        async (i, token) =>
        {
            var steps = new JsonObject();
            for (var s = 0; s < Steps; s++)
            {
                steps[$"s{s}"] = new JsonObject
                {
                    ["needs"] = new JsonArray(s == 0 ? [] : [$"s{s - 1}"]),
                    ["job"] = new JsonObject { ["service_required"] = "simulation", ["payload"] = JsonNode.Parse(payload) },
                };
            }

            var saga = new JsonObject { ["id"] = $"{prefix}-{i}", ["definition"] = new JsonObject { ["name"] = "five", ["steps"] = steps } };
            using var content = new StringContent(saga.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync("api/sagas", content, token);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException(await answer.Content.ReadAsStringAsync(token));
        });

    /// <summary>Until so many sagas are completed: the list of those that run is empty, and nothing else ended.</summary>
    private static async Task OverAsync(HttpClient http, int count)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await CountAsync(http, "running") > 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Limit)
                throw new TimeoutException($"{count} sagas were not over within {Limit}.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private static async Task<int> CountAsync(HttpClient http, string status)
    {
        using var page = JsonDocument.Parse(await http.GetStringAsync($"api/sagas?status={status}&limit=1"));
        return page.RootElement.GetProperty("sagas").GetArrayLength();
    }

    /// <summary>From creation to end, seconds, sorted.</summary>
    private static async Task<List<double>> TimesAsync(HttpClient http, int count)
    {
        var (times, cursor) = (new List<double>(), "");
        while (times.Count < count)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"api/sagas?status=completed&limit=500{cursor}"));
            foreach (var saga in page.RootElement.GetProperty("sagas").EnumerateArray().Where(s => s.GetProperty("id").GetString()!.StartsWith("saga-", StringComparison.Ordinal)))
                times.Add((saga.GetProperty("finished_at").GetDateTimeOffset() - saga.GetProperty("created_at").GetDateTimeOffset()).TotalSeconds);
            if (page.RootElement.GetProperty("next_cursor").GetString() is not { } next)
                break;
            cursor = "&cursor=" + Uri.EscapeDataString(next);
        }

        if (times.Count != count)
            throw new InvalidOperationException($"{times.Count} of {count} sagas are completed.");
        times.Sort();
        return times;
    }
}
