using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.Client;

public sealed class JobGridClientTests
{
    private const string Submitted = """{"success":true,"job_id":"a","message":"stored","warnings":["odd"],"timestamp":"2026-01-02T03:04:05.678Z"}""";

    private static readonly JobSubmission Job = new() { ServiceRequired = "simulation", Payload = new JsonObject { ["duration_ms"] = 5 } };

    [Fact]
    public async Task Submit_WhenSent_IsSnakeCaseWithoutNullsAndCarriesAKey()
    {
        await using var grid = await CannedGrid.StartAsync(Submitted, 201);

        var answer = await grid.Client.SubmitAsync(Job with { MaxRetries = 2, NotBefore = DateTimeOffset.UnixEpoch, Retry = new JobRetry(BaseDelay: 1.5) });

        var sent = Assert.Single(grid.Requests);
        Assert.Equal(
            """{"service_required":"simulation","payload":{"duration_ms":5},"max_retries":2,"retry":{"base_delay":1.5},"not_before":"1970-01-01T00:00:00.000Z"}""",
            sent.Text);
        Assert.Equal(("POST", "/api/jobs"), (sent.Method, sent.Target));
        Assert.True(Guid.TryParse(sent.IdempotencyKey, out _));
        Assert.Equal(("a", "odd"), (answer.JobId, answer.Warnings![0]));
        Assert.Equal(678, answer.Timestamp!.Value.Millisecond);
    }

    [Fact]
    public async Task Submit_WhenAnswersAreLost_RepeatsTheSameBytesUnderTheSameKey()
    {
        await using var grid = await CannedGrid.StartAsync((context, _, number) =>
        {
            if (number == 1)
                context.Abort();
            return number == 2
                ? CannedGrid.AnswerAsync(context, """{"title":"Store away","status":503}""", 503, "application/problem+json")
                : number == 3 ? CannedGrid.AnswerAsync(context, Submitted, 201) : Task.CompletedTask;
        });

        await grid.Client.SubmitAsync(Job);

        Assert.Equal(3, grid.Requests.Count);
        Assert.Single(grid.Requests.Select(r => (r.IdempotencyKey, r.Text)).Distinct());
    }

    [Fact]
    public async Task Submit_WhenTheJobHasAnId_GoesUnderThatAlone()
    {
        await using var grid = await CannedGrid.StartAsync(Submitted, 201);
        await grid.Client.SubmitAsync(Job with { Id = "mine" });
        Assert.Null(Assert.Single(grid.Requests).IdempotencyKey);
    }

    [Theory]
    [InlineData("""{"title":"Bad","status":400,"detail":"priority is 101","errors":{"priority":["0 to 100"]}}""")]
    [InlineData("""{"title":"Bad","status":400,"detail":"priority is 101","errors":[{"field":"priority","detail":"0 to 100"}]}""")]
    public async Task Submit_WhenRefused_NamesTheFieldAndIsNotRepeated(string problem)
    {
        await using var grid = await CannedGrid.StartAsync(problem, 400, "application/problem+json");

        var e = await Assert.ThrowsAsync<JobGridException>(() => grid.Client.SubmitAsync(Job));

        Assert.Equal((400, "Bad", "priority is 101"), (e.Status, e.Title, e.Detail));
        Assert.Equal([new FieldError("priority", "0 to 100")], e.FieldErrors);
        Assert.Equal("priority is 101 (priority: 0 to 100)", e.Message);
        Assert.Single(grid.Requests);
    }

    [Fact]
    public async Task Submit_WhenTheWriteIsUnknownForGood_GivesTheProblemsJobId()
    {
        await using var grid = await CannedGrid.StartAsync("""{"title":"Unknown","status":503,"job_id":"j9"}""", 503, "application/problem+json");
        var e = await Assert.ThrowsAsync<JobGridException>(() => grid.Client.SubmitAsync(Job));
        Assert.Equal("j9", e.Extensions["job_id"].GetString());
        Assert.Equal(3, grid.Requests.Count);
    }

    [Fact]
    public async Task Get_WhenTheGridIsNewer_KeepsFieldsItDoesNotKnow()
    {
        await using var grid = await CannedGrid.StartAsync(
            """
            {"success":true,"job":{"id":"a:1","status":"failed","attempt":2,"epoch":7,"progress":12.5,"failed_at":"2026-01-02T03:04:05.678Z",
             "error":{"message":"no memory"},"failures":[{"attempt":1,"worker_id":"w","failure_type":"transient","failure_reason":"r","message":"m"}],
             "outputs":[{"artefact":"a/7/x.png","name":"x.png","sha256":"00","size":3}],"later":{"x":1}},"timestamp":"2026-01-02T03:04:05.678Z"}
            """);

        var job = await grid.Client.GetJobAsync("a:1");

        Assert.Equal("/api/jobs/a:1", Uri.UnescapeDataString(Assert.Single(grid.Requests).Target));
        Assert.Equal(("failed", 2, 7L, 12.5, "no memory"), (job.Status, job.Attempt, job.Epoch, job.Progress!.Value, job.ErrorMessage));
        Assert.True(job.IsFinal);
        Assert.Equal("transient", job.Failures![0].FailureType);
        Assert.Equal(3, job.Outputs![0].Size);
        Assert.Equal(1, job.More!["later"].GetProperty("x").GetInt32());
        Assert.Contains("\"later\":{\"x\":1}", JsonSerializer.Serialize(job, JobGridJson.Default.Job));
    }

    [Fact]
    public async Task ListAll_WhenThereAreMorePages_FollowsTheCursorWithTheFilters()
    {
        await using var grid = await CannedGrid.StartAsync((context, received, _) => CannedGrid.AnswerAsync(context, received.Target.Contains("cursor=")
            ? """{"success":true,"jobs":[{"id":"b","status":"pending"}],"next_cursor":null}"""
            : """{"success":true,"jobs":[{"id":"a","status":"pending"}],"next_cursor":"x y"}"""));

        var ids = new List<string>();
        await foreach (var job in grid.Client.ListAllJobsAsync(new JobQuery { Status = "pending", CustomerId = "c&d", Limit = 1 }))
            ids.Add(job.Id);

        Assert.Equal(["a", "b"], ids);
        Assert.Equal(
            ["/api/jobs?status=pending&customer_id=c%26d&limit=1", "/api/jobs?status=pending&customer_id=c%26d&limit=1&cursor=x%20y"],
            grid.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task Batch_WhenSomeAreRefused_GivesEachItsResult()
    {
        await using var grid = await CannedGrid.StartAsync(
            """{"success":false,"results":[{"index":0,"success":true,"job_id":"a"},{"index":1,"success":false,"error":"no service"}]}""", 207);
        var results = await grid.Client.SubmitBatchAsync([Job, Job]);
        Assert.Equal([true, false], results.Select(r => r.Success));
        Assert.Equal("no service", results[1].ErrorMessage);
        Assert.NotNull(Assert.Single(grid.Requests).IdempotencyKey);
    }

    [Fact]
    public async Task SubmitStream_WhenThereAreManyJobs_SendsCallsOf500AndNumbersResultsThrough()
    {
        await using var grid = await CannedGrid.StartAsync(async (context, received, _) =>
        {
            context.Response.ContentType = "application/x-ndjson";
            var index = 0;
            foreach (var line in received.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var id = JsonNode.Parse(line)!["id"]!.GetValue<string>();
                await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(
                    context.Response, $$"""{"index":{{index++}},"success":true,"job_id":"{{id}}"}""" + "\n");
            }
        });

        var results = new List<BatchResult>();
        await foreach (var result in grid.Client.SubmitStreamAsync(Enumerable.Repeat(Job, 501).ToAsyncEnumerable()))
            results.Add(result);

        Assert.Equal(Enumerable.Range(0, 501), results.Select(r => r.Index));
        Assert.Equal(501, results.Select(r => r.JobId).Distinct().Count());
        Assert.Equal(2, grid.Requests.Count);
        Assert.All(grid.Requests, r => Assert.Equal("application/x-ndjson", r.ContentType));
    }

    [Fact]
    public async Task Health_WhenTheGridIsDown_IsAnAnswerAndNoException()
    {
        await using var grid = await CannedGrid.StartAsync(
            """{"status":"down","reasons":["store away"],"store":{"kind":"sqlite","where":"f","durability":"d","findings":[{"setting":"s","value":"v","warning":null}]},"roles":["grid"],"version":"1"}""",
            503);
        var health = await grid.Client.GetHealthAsync();
        Assert.Equal(("down", "store away", "sqlite"), (health.Status, health.Reasons![0], health.Store!.Kind));
        Assert.Single(grid.Requests);
    }

    [Fact]
    public async Task Metrics_WhenAnswered_ReadsTheFiguresWithDigitsInTheirNames()
    {
        await using var grid = await CannedGrid.StartAsync(
            """{"queue_depth":1,"running":2,"retrying":3,"completed":4,"failed":5,"dead_letters":6,"workers":7,"oldest_queued_seconds":8.5,"avg_processing_ms":9,"p95_processing_ms":10}""");
        var metrics = await grid.Client.GetMetricsAsync();
        Assert.Equal((1, 6, 8.5, 10.0), (metrics.QueueDepth, metrics.DeadLetters, metrics.OldestQueuedSeconds!.Value, metrics.P95ProcessingMs!.Value));
    }

    [Fact]
    public async Task AnyCall_WhenNothingListens_SaysWhere()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var client = new JobGridClient(http, new JobGridClientOptions { Retries = 0 });
        var e = await Assert.ThrowsAsync<GridUnreachableException>(() => client.GetWorkersAsync());
        Assert.Equal($"No grid answers at http://127.0.0.1:{port}.", e.Message);
    }

    [Fact]
    public async Task AnyCall_WhenTheServerIsNoGrid_SaysSo()
    {
        await using var grid = await CannedGrid.StartAsync("<html>hello</html>", contentType: "text/html");
        var e = await Assert.ThrowsAsync<JobGridException>(() => grid.Client.GetQueuesAsync());
        Assert.Contains("not the grid's protocol", e.Message);
    }
}
