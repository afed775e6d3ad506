using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class OperationsEndpointTests
{
    private static readonly StoreHealth Store = new("redis", "127.0.0.1:6379", "lost with Redis itself", [new StoreSetting("appendfsync", "everysec", "set it to always")]);

    [Fact]
    public async Task Workers_And_Queues_AreListed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerList =
        [
            new WorkerView
            {
                WorkerId = "n:0", Node = "n", Services = ["simulation"], Slots = 4, Jobs = ["a"], State = "active",
                LeaseExpiresAt = 1_750_000_000_000, StartedAt = 1_750_000_000_000, Version = "1", SessionId = "s",
                Instances = [new InstanceView("comfy-1", "comfy", true, null, new() { State = "proved", Capabilities = ["status_query", "cancel"], Version = "0.27", BootMark = "b", Models = 3, Since = 1_750_000_000_000 }), new InstanceView("comfy-2", "comfy", false, new BreakerView("open", "503 five times", 1_750_000_000_000))],
            },
        ];
        gateway.Grid.QueueList = [new QueueSummary("default", 7, 2), new QueueSummary("night", 3, 0, new(1_750_000_000_000, "by day"))];
        var worker = (await gateway.GetAsync("/api/workers")).Json.GetProperty("workers")[0];
        Assert.Equal(
            ["worker_id", "node", "services", "slots", "jobs", "state", "lease_expires_at", "started_at", "version", "session_id", "instances",
                "capabilities", "gpu", "loaded_models", "model_loads", "last_seen_at", "drain_reason", "doubts", "connectors"],
            worker.EnumerateObject().Select(p => p.Name));
        Assert.Equal("2025-06-15T15:06:40.000Z", worker.GetProperty("lease_expires_at").GetString());
        Assert.Equal(
            """[{"instance":"comfy-1","service":"comfy","on_this_machine":true,"breaker":null,"health":{"state":"proved","since":"2025-06-15T15:06:40.000Z","capabilities":["status_query","cancel"],"costs":["Its work cannot be taken over: where a worker dies, a job is done anew once the old run has ended."],"version":"0.27","boot_mark":"b","models":3,"fault":null}},{"instance":"comfy-2","service":"comfy","on_this_machine":false,"breaker":{"state":"open","reason":"503 five times","since":"2025-06-15T15:06:40.000Z"},"health":null}]""",
            worker.GetProperty("instances").GetRawText());
        var queues = (await gateway.GetAsync("/api/queues")).Json;
        Assert.Equal(
            """[{"name":"default","depth":7,"waiting_workers":2,"paused_since":null,"pause_reason":null},{"name":"night","depth":3,"waiting_workers":0,"paused_since":"2025-06-15T15:06:40.000Z","pause_reason":"by day"}]""",
            queues.GetProperty("queues").GetRawText());
        Assert.Equal(["success", "queues", "next_cursor", "timestamp"], queues.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Metrics_AreFlatJsonAndPrometheusTextOfTheSameFigures()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnMetrics = () => new GridMetrics { Reconciling = 11, Paused = 12, QueueDepth = 1, Running = 2, Retrying = 3, Completed = 4, Failed = 5, DeadLetters = 6, Workers = 7, OldestQueuedSeconds = 8.5, AvgProcessingMs = 1_500, P95ProcessingMs = 2_250 };
        var json = (await gateway.GetAsync("/api/metrics")).Json;
        Assert.All(json.EnumerateObject(), p => Assert.Equal(JsonValueKind.Number, p.Value.ValueKind));
        string[] fixedNames = ["queue_depth", "running", "retrying", "completed", "failed", "dead_letters", "workers", "oldest_queued_seconds", "avg_processing_ms", "p95_processing_ms"];
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8.5, 1_500, 2_250], fixedNames.Select(n => json.GetProperty(n).GetDouble()));
        var text = (await gateway.GetAsync("/metrics")).Text;
        Assert.Contains("# TYPE jobgrid_jobs_completed_total counter\njobgrid_jobs_completed_total 4\n", text, StringComparison.Ordinal);
        Assert.Contains("\njobgrid_processing_avg_seconds 1.5\n", text, StringComparison.Ordinal);
        var samples = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#').Select(l => l.Split(' ')[0]).ToArray();
        Assert.Equal((11, 12, 0), (json.GetProperty("reconciling").GetInt32(), json.GetProperty("paused").GetInt32(), json.GetProperty("open_breakers").GetInt32()));
        Assert.Contains("\njobgrid_jobs_reconciling 11\n", text, StringComparison.Ordinal);
        Assert.Contains("\njobgrid_jobs_paused 12\n", text, StringComparison.Ordinal);
        // Without instances there is nothing to say of breakers.
        Assert.Equal(json.EnumerateObject().Count() - 1, samples.Length);
        Assert.All(samples, s => Assert.Contains($"# HELP {s} ", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Metrics_CountOpenBreakersByInstance()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        static WorkerView Worker(string id, params InstanceView[] instances) => new()
        {
            WorkerId = id,
            Node = "n",
            Services = ["comfy"],
            Slots = 1,
            Jobs = [],
            State = "active",
            LeaseExpiresAt = 0,
            StartedAt = 0,
            Version = "1",
            SessionId = id,
            Instances = instances,
        };
        var (open, half) = (new BreakerView("open", "r", 0), new BreakerView("half_open", "r", 0));
        gateway.Grid.WorkerList =
        [
            Worker("a", new("b\"2", "comfy", false, open), new("c", "comfy", true, half)),
            Worker("b", new("b\"2", "comfy", false, open), new("d", "rest", true, null)),
        ];
        Assert.Equal(2, (await gateway.GetAsync("/api/metrics")).Json.GetProperty("open_breakers").GetInt32());
        Assert.Contains(
            """
            # TYPE jobgrid_open_breakers gauge
            jobgrid_open_breakers{instance="b\"2",service="comfy"} 2
            jobgrid_open_breakers{instance="c",service="comfy"} 0
            jobgrid_open_breakers{instance="d",service="rest"} 0

            """.ReplaceLineEndings("\n"),
            (await gateway.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ok", 200)]
    [InlineData("degraded", 200)]
    [InlineData("down", 503)]
    public async Task Health_AnswersByItsStatusWithTheReasonsAndTheStore(string status, int code)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => (o.Roles, o.Version) = (["gateway", "grid"], "9.9"));
        gateway.Grid.OnHealth = () => Task.FromResult(new GridHealth(status, ["because"], Store));
        var health = await gateway.GetAsync("/api/health");
        Assert.Equal(code, (int)health.Status);
        Assert.Equal(status, health.Json.GetProperty("status").GetString());
        Assert.Equal("because", health.Json.GetProperty("reasons")[0].GetString());
        Assert.Equal("set it to always", health.Json.GetProperty("store").GetProperty("findings")[0].GetProperty("warning").GetString());
        Assert.Equal("grid", health.Json.GetProperty("roles")[1].GetString());
        Assert.Equal("9.9", health.Json.GetProperty("version").GetString());
        Assert.Equal(code, (int)(await gateway.GetAsync("/health/ready")).Status);
        Assert.Equal(200, (int)(await gateway.GetAsync("/health/live")).Status);
    }

    [Fact]
    public async Task Health_WhenTheGridDoesNotAnswer_IsDownWithinItsTime()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(o => o.HealthTimeout = TimeSpan.FromMilliseconds(100));
        gateway.Grid.OnHealth = () => new TaskCompletionSource<GridHealth>().Task;
        var health = await gateway.GetAsync("/api/health");
        Assert.Equal((503, "down"), ((int)health.Status, health.Json.GetProperty("status").GetString()));
        Assert.Contains("did not answer in time", health.Json.GetProperty("reasons")[0].GetString(), StringComparison.Ordinal);
        Assert.Equal(503, (int)(await gateway.GetAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task OpenApi_DescribesEveryRouteWithItsRefusals()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var answer = await gateway.GetAsync("/openapi/v1.json");
        Assert.True((int)answer.Status == 200, answer.Text);
        var document = JsonDocument.Parse(answer.Text).RootElement;
        var paths = document.GetProperty("paths");
        string[] expected =
        [
            "/api/jobs", "/api/jobs/batch", "/api/jobs/{id}", "/api/jobs/{id}/cancel", "/api/jobs/{id}/events", "/api/jobs/{id}/result",
            "/api/jobs/{id}/pause", "/api/jobs/{id}/resume", "/api/jobs/{id}/retry", "/api/jobs/{id}/resolve",
            "/api/dead-letters", "/api/dead-letters/groups", "/api/dead-letters/{id}", "/api/dead-letters/{id}/requeue", "/api/dead-letters/requeue",
            "/api/dead-letters/purge", "/api/jobs/{id}/stream", "/api/jobs/{id}/why", "/api/workers/{id}", "/api/workers/{id}/drain", "/api/workers/{id}/resume",
            "/api/models", "/api/demand", "/api/artefacts", "/api/artefacts/{id}", "/api/artefacts/links", "/api/artefacts/presigned-uploads", "/api/callbacks/{mark}/{signature}", "/api/workers", "/api/queues", "/api/queues/{name}/pause", "/api/queues/{name}/resume", "/api/metrics", "/metrics", "/api/health",
            "/health/live", "/health/ready", "/api/jobs/{id}/outputs", "/api/sagas", "/api/sagas/{id}", "/api/sagas/{id}/events", "/api/sagas/{id}/stream", "/api/sagas/{id}/cancel",
            "/api/reconciliation", "/api/subscriptions", "/api/subscriptions/{name}", "/api/subscriptions/{name}/events", "/api/subscriptions/{name}/stream", "/api/subscriptions/{name}/position",
            "/api/subscriptions/{name}/dead-letters", "/api/subscriptions/{name}/dead-letters/redeliver",
            "/api/sagas/{id}/pause", "/api/sagas/{id}/resume", "/api/sagas/{id}/retry", "/api/sagas/{id}/skip-undo", "/api/sagas/{id}/signals/{name}", "/api/saga-definitions",
            "/api/saga-definitions/{name}", "/api/saga-schema",
        ];
        Assert.Equal(expected.Order(), paths.EnumerateObject().Select(p => p.Name).Order());
        foreach (var operation in paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject()))
        {
            Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
            Assert.NotEmpty(operation.Value.GetProperty("responses").EnumerateObject());
        }

        var submit = paths.GetProperty("/api/jobs").GetProperty("post");
        Assert.True(submit.GetProperty("responses").GetProperty("400").GetProperty("content").TryGetProperty("application/problem+json", out _));
        Assert.True(submit.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/json", out _));
        var pause = paths.GetProperty("/api/jobs/{id}/pause").GetProperty("post");
        Assert.False(pause.GetProperty("requestBody").TryGetProperty("required", out var required) && required.GetBoolean());
        var group = paths.GetProperty("/api/dead-letters/requeue").GetProperty("post").GetProperty("requestBody");
        Assert.True(group.GetProperty("required").GetBoolean());
        Assert.True(paths.GetProperty("/api/dead-letters/{id}").TryGetProperty("delete", out _));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var job = schemas.GetProperty("JobDocument").GetProperty("properties");
        Assert.Equal("#/components/schemas/IsoTime", job.GetProperty("created_at").GetProperty("$ref").GetString());
        Assert.Equal("date-time", schemas.GetProperty("IsoTime").GetProperty("format").GetString());
        Assert.Equal("integer", job.GetProperty("priority").GetProperty("type").GetString());
        var body = submit.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        Assert.Equal(["payload", "service_required"], body.GetProperty("required").EnumerateArray().Select(r => r.GetString()!).Order());
        var taken = body.GetProperty("properties").EnumerateObject().Select(p => p.Name);
        Assert.Equal(OrleansJobGrid.Gateway.Jobs.SubmissionFields.Taken.Order(), taken.Order());
    }
}
