using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>The judge itself: what it is trusted with in the tests of recovery.</summary>
public sealed class TestServiceTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Same_id_posted_twice_is_executed_twice_and_both_are_on_the_log()
    {
        await using var service = await TestServiceProcess.StartAsync();
        using var http = new HttpClient { BaseAddress = service.Url };

        await PostAsync(http, "x-1", "job", new { duration_ms = 0, output = "out.txt" });
        await PostAsync(http, "x-1", "job", new { duration_ms = 0, output = "out.txt" });

        var state = await StateAsync(http, "x-1", "completed");
        await Eventually.GetAsync("two ends", Limit, () => Task.FromResult<(object?, string)>((service.Read().Count(e => e.What == "END") == 2 ? service : null, "")));
        Assert.Equal(2, service.Executions()["job"].Count());
        Assert.Equal(Enumerable.Range(1, 6).Select(n => (long)n), service.Read().Select(e => e.Number));
        var url = state.GetProperty("outputs")[0].GetProperty("url").GetString();
        Assert.Equal("job x-1\n", await http.GetStringAsync(new Uri(url!, UriKind.Relative)));
    }

    [Theory]
    [InlineData(true, "completed")]
    [InlineData(false, null)]
    public async Task Restarted_service_has_another_boot_and_knows_only_what_it_was_told_to_keep(bool keeps, string? expected)
    {
        await using var service = await TestServiceProcess.StartAsync(new() { Keeps = keeps });
        using var http = new HttpClient { BaseAddress = service.Url };
        await PostAsync(http, "done", "job-1", new { output = "a.txt" });
        await StateAsync(http, "done", "completed");
        await PostAsync(http, "runs", "job-2", new { duration_ms = 60_000 });
        await StateAsync(http, "runs", "running");
        var boot = (await QueryAsync(http, "done")).GetProperty("boot").GetString();

        await service.RestartAsync();

        var after = await QueryAsync(http, "done", "runs");
        Assert.NotEqual(boot, after.GetProperty("boot").GetString());
        Assert.Equal(expected, after.GetProperty("jobs").TryGetProperty("done", out var done) ? done.GetProperty("state").GetString() : null);
        Assert.False(after.GetProperty("jobs").TryGetProperty("runs", out _));
        if (keeps)
            Assert.Equal("job-1 done\n", await http.GetStringAsync(new Uri("files/done/a.txt", UriKind.Relative)));
        await PostAsync(http, "runs", "job-2", new { });
        await StateAsync(http, "runs", "completed");
        Assert.Equal(2, service.Executions()["job-2"].Count());
        Assert.Equal(Enumerable.Range(1, service.Read().Count).Select(n => (long)n), service.Read().Select(e => e.Number));
    }

    [Fact]
    public async Task Post_held_at_its_gate_is_not_taken_until_it_passes_also_where_its_sender_is_gone()
    {
        await using var service = await TestServiceProcess.StartAsync();
        using var http = new HttpClient { BaseAddress = service.Url };
        await service.CommandAsync("hold post");
        var mark = service.Mark();
        using (var gone = new HttpClient { BaseAddress = service.Url })
        {
            _ = gone.PostAsJsonAsync("jobs", new { id = "late", job_id = "job", attempt = 1, payload = new { } });
            Assert.Equal([("late", "job")], await service.ArrivalsAsync("post", 1, mark, Limit));
        }

        Assert.False((await QueryAsync(http, "late")).GetProperty("jobs").TryGetProperty("late", out _));
        Assert.Empty(service.Read());
        await service.CommandAsync("pass post");
        await StateAsync(http, "late", "completed");

        await service.CommandAsync("hold post");
        var dropped = http.PostAsJsonAsync("jobs", new { id = "dropped", job_id = "job", attempt = 1, payload = new { } });
        await service.ArrivalsAsync("post", 2, mark, Limit);
        await service.CommandAsync("drop post");
        await Assert.ThrowsAsync<HttpRequestException>(() => dropped);
        Assert.Equal(["POST", "START", "END"], service.Read().Select(e => e.What));
    }

    [Fact]
    public async Task Failures_are_counted_by_job_and_cancel_stops_what_waits_and_what_runs()
    {
        await using var service = await TestServiceProcess.StartAsync(new() { Slots = 1 });
        using var http = new HttpClient { BaseAddress = service.Url };
        var failure = new { failure = new { status = 503, type = "overloaded", message = "try later", times = 1 } };
        await PostAsync(http, "f-1", "job", failure);
        var error = (await StateAsync(http, "f-1", "failed")).GetProperty("error");
        Assert.Equal((503, "overloaded", "try later"), (error.GetProperty("status").GetInt32(), error.GetProperty("type").GetString(), error.GetProperty("message").GetString()));
        await PostAsync(http, "f-2", "job", failure);
        await StateAsync(http, "f-2", "completed");

        await PostAsync(http, "long", "job-2", new { duration_ms = 60_000 });
        await StateAsync(http, "long", "running");
        await PostAsync(http, "waits", "job-3", new { });
        await StateAsync(http, "waits", "queued");
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(new Uri("jobs/waits/cancel", UriKind.Relative), null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync(new Uri("jobs/long/cancel", UriKind.Relative), null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.PostAsync(new Uri("jobs/nobody/cancel", UriKind.Relative), null)).StatusCode);
        await StateAsync(http, "long", "cancelled");
        await StateAsync(http, "waits", "cancelled");
        Assert.Empty(service.Executions()["job-3"]);
        Assert.Equal(["job-3", "job-2"], service.Read().Where(e => e.What == "CANCEL").Select(e => e.JobId));
    }

    private static async Task PostAsync(HttpClient http, string id, string job, object payload)
    {
        var response = await http.PostAsJsonAsync("jobs", new { id, job_id = job, attempt = 1, payload });
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    private static async Task<JsonElement> QueryAsync(HttpClient http, params string[] ids)
    {
        var response = await http.PostAsJsonAsync("jobs/query", new { ids });
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<JsonElement> StateAsync(HttpClient http, string id, string state) =>
        (JsonElement)await Eventually.GetAsync($"{id} is {state}", Limit, async () =>
        {
            var jobs = (await QueryAsync(http, id)).GetProperty("jobs");
            return (jobs.TryGetProperty(id, out var job) && job.GetProperty("state").GetString() == state ? (object)job : null, jobs.GetRawText());
        });
}
