using OrleansJobGrid.Contracts.Operations;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class QueueControlEndpointTests
{
    [Theory]
    [InlineData("", "pause night asked for over HTTP")]
    [InlineData("{}", "pause night asked for over HTTP")]
    [InlineData("""{"reason":"by day"}""", "pause night by day")]
    public async Task Pause_PassesTheReasonOn(string body, string asked)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var answer = await gateway.PostAsync("/api/queues/night/pause", body);
        Assert.True((int)answer.Status == 200, answer.Text);
        Assert.Equal(["success", "queue", "message", "paused_since", "timestamp"], answer.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ("night", "night is paused", "2025-06-15T15:06:40.000Z"),
            (answer.Json.GetProperty("queue").GetString(), answer.Json.GetProperty("message").GetString(), answer.Json.GetProperty("paused_since").GetString()));
        Assert.Equal([asked], gateway.Grid.QueueRequests);
    }

    [Fact]
    public async Task Resume_TakesNoBody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var answer = await gateway.PostAsync("/api/queues/a:1/resume");
        Assert.Equal(("a:1", "a:1 goes on", "null"),
            (answer.Json.GetProperty("queue").GetString(), answer.Json.GetProperty("message").GetString(), answer.Json.GetProperty("paused_since").GetRawText()));
        Assert.Equal(200, (int)(await gateway.PostAsync("/api/queues/a:1/resume", "{}")).Status);
        Assert.Equal(["resume a:1", "resume a:1"], gateway.Grid.QueueRequests);
    }

    [Theory]
    [InlineData("night/pause", """{"why":"x"}""", "why", "it has reason")]
    [InlineData("night/pause", """{"reason":""}""", "reason", "1 to 500")]
    [InlineData("night/pause", "[]", "body", "is not a JSON object")]
    [InlineData("night/resume", """{"reason":"x"}""", "reason", "it has none")]
    [InlineData("no%20queue/pause", "", "name", "'no queue' is no queue's name: 1 to 128 characters of A-Za-z0-9._:-")]
    [InlineData("no%20queue/resume", "", "name", "'no queue' is no queue's name")]
    public async Task ARequest_ThatIsWrong_NamesTheFieldAndAsksNobody(string path, string body, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync($"/api/queues/{path}", body)).IsProblem(400, field, words);
        Assert.Empty(gateway.Grid.QueueRequests);
    }

    [Fact]
    public async Task Prometheus_HasTheQueuesWithTheirPauses()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.QueueList = [new QueueSummary("default", 7, 2), new QueueSummary("night", 3, 0, new(1_750_000_000_000, "by day"))];
        var lines = (await gateway.GetAsync("/metrics")).Text.Split('\n');
        Assert.Equal(
            [
                """jobgrid_queue_jobs{queue="default"} 7""", """jobgrid_queue_jobs{queue="night"} 3""",
                """jobgrid_queue_paused{queue="default"} 0""", """jobgrid_queue_paused{queue="night"} 1""",
            ],
            lines.Where(l => l.StartsWith("jobgrid_queue_", StringComparison.Ordinal) && l.Contains('{', StringComparison.Ordinal)));
    }
}
