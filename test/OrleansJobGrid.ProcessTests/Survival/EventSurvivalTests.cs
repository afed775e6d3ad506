using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Calls;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Redis;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Survival;

/// <summary>Subscriptions of a real grid on Redis, its process killed while events are on their way.</summary>
public sealed class EventSurvivalTests
{
    private const int Rounds = 4;
    private const int JobsARound = 50;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_again_and_again_it_delivers_every_event_in_order_by_post_stream_and_feed()
    {
        await using var target = await EventTarget.StartAsync();
        await using var redis = await RedisServer.StartAsync(RedisServerSettings.Durable, Cancellation);
        var folder = Directory.CreateTempSubdirectory("jobgrid-events-").FullName;
        var config = Path.Combine(folder, "grid.json");
        await File.WriteAllTextAsync(config, new JsonObject { ["JobGrid"] = new JsonObject { ["Events"] = new JsonObject { ["Allow"] = new JsonArray(target.Url) } } }.ToJsonString(), Cancellation);
        Task<GridProcess> Up() => GridProcess.UpAsync(new(Path.Combine(folder, "data")) { Config = config, Redis = redis.Endpoint });
        var grid = await Up();
        try
        {
            Task<(int ExitCode, string Out, string Error)> Run(params string[] arguments) =>
                GridProcess.RunAsync(folder, [.. arguments, "--url", grid.Http.BaseAddress!.ToString()]);

            target.Secret = JsonNode.Parse((await Run("subscriptions", "put", "posts", "--deliver", "http", "--to", target.Url, "--json")).Out)!["secret"]!.GetValue<string>();
            Assert.Equal(0, (await Run("subscriptions", "put", "stream", "--deliver", "redis-stream")).ExitCode);
            await grid.Client.PutSubscriptionAsync("feed", new("feed"), Cancellation);
            var refused = await Run("subscriptions", "put", "else", "--deliver", "http", "--to", "http://127.0.0.1:1/");
            Assert.Equal((2, true), (refused.ExitCode, refused.Error.Contains("JobGrid:Events:Allow", StringComparison.Ordinal)));

            var ids = new List<string>();
            for (var round = 0; round < Rounds; round++)
            {
                var before = target.Taken.Count;
                for (var i = 0; i < JobsARound; i++)
                    ids.Add((await grid.Client.SubmitAsync(new() { ServiceRequired = "simulation", Payload = new JsonObject { ["duration_ms"] = 150 } }, cancellationToken: Cancellation)).JobId);
                await Eventually.GetAsync("more events came", Limit, () => Task.FromResult(((object?)(target.Taken.Count > before + 10 ? ids : null), $"{target.Taken.Count}\n{grid.Log}")));
                if (round == Rounds - 1)
                    break;
                await grid.KillAsync();
                await grid.DisposeAsync();
                grid = await Up();
            }

            await Eventually.GetAsync("all jobs are over and all are told", Limit, async () =>
            {
                var all = await grid.Client.ListSubscriptionsAsync(Cancellation);
                var completed = target.Distinct().Count(e => EventTarget.TypeOf(e) == "job.completed");
                return ((object?)(completed == ids.Count && all.All(s => s.Deliver == "feed" || s.Pending == 0) ? ids : null), $"{completed} completed; {string.Join(", ", all)}");
            });
            var expected = new List<string>();
            foreach (var id in ids)
                expected.AddRange((await grid.Client.GetEventsAsync(id, Cancellation)).Select(e => $"{id}:{e.Sequence}"));

            AssertAll(expected, [.. target.Taken.Select(EventTarget.IdOf)]);
            Assert.Empty(target.Unsigned);
            Assert.Empty(target.Changed);

            await using var reader = await ConnectionMultiplexer.ConnectAsync(redis.Endpoint);
            var stream = (await grid.Client.GetSubscriptionAsync("stream", Cancellation)).Stream!;
            var entries = await reader.GetDatabase().StreamRangeAsync(stream);
            AssertAll(expected, [.. entries.Select(e => (string)e["id"]!)]);
            Assert.All(entries, e => Assert.Equal((string)e["type"]!, JsonNode.Parse((string)e["event"]!)!["type"]!.GetValue<string>()));

            var followed = await Run("subscriptions", "follow", "feed", "--acknowledge", "--count", expected.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            AssertAll(expected, [.. followed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!["id"]!.GetValue<string>())]);
            Assert.Equal(0, (await grid.Client.GetSubscriptionAsync("feed", Cancellation)).Pending);
            Assert.Matches("feed +feed +-? +all +0 +0 s +0", (await Run("subscriptions")).Out);

            var metrics = await grid.Http.GetStringAsync("metrics", Cancellation);
            Assert.Contains("jobgrid_subscription_lag_seconds{subscription=\"posts\"} 0", metrics, StringComparison.Ordinal);
            await SseAsync(grid);
            Assert.Contains("has ended", (await Run("subscriptions", "delete", "feed")).Out, StringComparison.Ordinal);
            Assert.Equal(3, (await Run("subscriptions", "show", "feed")).ExitCode);
        }
        finally
        {
            await grid.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A live feed by server-sent events, broken off and taken up where it was.</summary>
    private static async Task SseAsync(GridProcess grid)
    {
        await grid.Client.SubmitAsync(new() { Id = "last", ServiceRequired = "simulation", Payload = new JsonObject { ["duration_ms"] = 1 } }, cancellationToken: Cancellation);
        var seen = new List<string>();
        string? lastId = null;
        while (!seen.Contains("job.completed"))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "api/subscriptions/feed/stream");
            if (lastId is not null)
                request.Headers.Add("Last-Event-ID", lastId);
            using var answer = await grid.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancellation));
            // One event a connection.
            while (await lines.ReadLineAsync(Cancellation) is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                    lastId = line[4..];
                if (!line.StartsWith("data: ", StringComparison.Ordinal))
                    continue;
                seen.Add(JsonNode.Parse(line[6..])!["type"]!.GetValue<string>());
                break;
            }
        }

        Assert.Equal((await grid.Client.GetEventsAsync("last", Cancellation)).Select(e => "job." + e.Type), seen);
    }

    /// <summary>Each came at least once, and of each job the first comings are in order.</summary>
    private static void AssertAll(IReadOnlyList<string> expected, IReadOnlyList<string> got)
    {
        Assert.Equal(expected.Order(StringComparer.Ordinal), got.Distinct().Order(StringComparer.Ordinal));
        foreach (var job in got.Distinct().Select(id => (Job: id[..id.LastIndexOf(':')], Sequence: int.Parse(id[(id.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture))).GroupBy(e => e.Job))
            Assert.Equal(Enumerable.Range(1, job.Count()), job.Select(e => e.Sequence));
    }
}
