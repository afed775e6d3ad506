using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class JobStreamEndpointTests
{
    [Fact]
    public async Task Stream_TellsStateProgressAndEnd()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        job.Set(GatewayUnderTest.Job("a") with { Payload = "{\r\n  \"a\": 1\n}"u8.ToArray() });
        await using var events = await OpenAsync(gateway);
        var (name, data) = await events.NextAsync();
        Assert.Equal(("state", "pending"), (name, data.GetProperty("status").GetString()));
        Assert.Equal(1, data.GetProperty("payload").GetProperty("a").GetInt32());

        job.Set(GatewayUnderTest.Job("a", JobStatus.InProgress, version: 2));
        (name, data) = await events.NextAsync();
        Assert.Equal(("state", "in_progress"), (name, data.GetProperty("status").GetString()));

        job.Set(GatewayUnderTest.Job("a", JobStatus.InProgress, version: 2, progress: 1, percent: 12.5) with { ProgressMessage = "step 1" });
        (name, data) = await events.NextAsync();
        Assert.Equal("progress", name);
        Assert.Equal(("a", 12.5, "step 1"), (data.GetProperty("job_id").GetString(), data.GetProperty("progress").GetDouble(), data.GetProperty("message").GetString()));

        job.Set(GatewayUnderTest.Job("a", JobStatus.Completed, version: 3));
        Assert.Equal("state", (await events.NextAsync()).Name);
        (name, data) = await events.NextAsync();
        Assert.Equal(("end", "completed"), (name, data.GetProperty("status").GetString()));
        Assert.Null(await events.LineAsync());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("?previews=false", false)]
    [InlineData("?previews=true", true)]
    public async Task Stream_ShowsUnfinishedPicturesToWhomAsks(string query, bool shown)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        job.Set(GatewayUnderTest.Job("a", JobStatus.InProgress));
        await using var events = await OpenAsync(gateway, query);
        Assert.Equal("state", (await events.NextAsync()).Name);

        job.Set(GatewayUnderTest.Job("a", JobStatus.InProgress, progress: 1) with { PreviewNumber = 1, Preview = new(new byte[] { 1, 2, 3 }, "image/png") });
        var (name, data) = await events.NextAsync();
        if (shown)
        {
            Assert.Equal(("preview", """{"job_id":"a","content_type":"image/png","data":"AQID"}"""), (name, data.GetRawText()));
            (name, _) = await events.NextAsync();
        }

        Assert.Equal("progress", name);
        job.Set(GatewayUnderTest.Job("a", JobStatus.Completed, version: 3));
        Assert.Equal("state", (await events.NextAsync()).Name);
    }

    [Fact]
    public async Task Stream_OfAFinalJob_TellsItsStateAndEnds()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (gateway.Grid.Jobs["a"] = new FakeJob()).Set(GatewayUnderTest.Job("a", JobStatus.Failed));
        var answer = await gateway.GetAsync("/api/jobs/a/stream");
        Assert.Equal("text/event-stream", answer.ContentHeaders.ContentType?.MediaType);
        Assert.StartsWith("event: state\ndata: {", answer.Text, StringComparison.Ordinal);
        Assert.Contains("\n\nevent: end\ndata: {", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_WhenNothingHappens_IsKeptAliveByComments()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.WatchWait = TimeSpan.FromMilliseconds(50));
        (gateway.Grid.Jobs["a"] = new FakeJob()).Set(GatewayUnderTest.Job("a"));
        await using var events = await OpenAsync(gateway);
        await events.NextAsync();
        Assert.StartsWith(":", await events.LineAsync());
        Assert.Equal("", await events.LineAsync());
        Assert.StartsWith(":", await events.LineAsync());
    }

    [Fact]
    public async Task Stream_WhenASiloDies_AsksAgainAndGoesOn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.WatchRetryPause = TimeSpan.FromMilliseconds(10));
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        job.Set(GatewayUnderTest.Job("a"));
        await using var events = await OpenAsync(gateway);
        await events.NextAsync();
        job.WatchFaults.Enqueue(new Orleans.Runtime.OrleansException("the silo died"));
        job.Set(GatewayUnderTest.Job("a", JobStatus.Assigned, version: 2));
        Assert.Equal("state", (await events.NextAsync()).Name);
        job.Set(GatewayUnderTest.Job("a", JobStatus.Completed, version: 3));
        Assert.Equal("state", (await events.NextAsync()).Name);
        Assert.Equal("end", (await events.NextAsync()).Name);
        Assert.Empty(job.WatchFaults);
    }

    [Fact]
    public async Task Stream_WhenTheGridStaysAway_EndsWithTheReason()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.WatchPatience = TimeSpan.Zero);
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        job.Set(GatewayUnderTest.Job("a"));
        await using var events = await OpenAsync(gateway);
        await events.NextAsync();
        job.WatchFaults.Enqueue(new TimeoutException());
        job.Set(GatewayUnderTest.Job("a", version: 2));
        var (name, data) = await events.NextAsync();
        if (name == "state")
            (name, data) = await events.NextAsync();
        Assert.Equal(("error", 503), (name, data.GetProperty("status").GetInt32()));
        Assert.Null(await events.LineAsync());
    }

    [Fact]
    public async Task Stream_WhenTheProcessGoesDown_EndsAtOnce()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (gateway.Grid.Jobs["a"] = new FakeJob()).Set(GatewayUnderTest.Job("a"));
        await using var events = await OpenAsync(gateway);
        await events.NextAsync();
        var stopping = gateway.StopAsync();
        var (name, data) = await events.NextAsync();
        Assert.Equal("error", name);
        Assert.Contains("going down", data.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await stopping;
    }

    private static async Task<EventStream> OpenAsync(GatewayUnderTest gateway, string query = "")
    {
        var response = await gateway.Client.GetAsync($"/api/jobs/a/stream{query}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return new EventStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
    }

    private sealed class EventStream(HttpResponseMessage response, StreamReader reader) : IAsyncDisposable
    {
        public async Task<string?> LineAsync() =>
            await reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(GatewayUnderTest.Patience);

        public async Task<(string Name, JsonElement Data)> NextAsync()
        {
            var name = "";
            while (true)
            {
                var line = await LineAsync();
                Assert.True(line is not null, "The stream ended before its next event.");
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    Assert.Equal("", await LineAsync());
                    return (name, JsonDocument.Parse(line[6..]).RootElement);
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
