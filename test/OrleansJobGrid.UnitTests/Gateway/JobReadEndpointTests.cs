using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class JobReadEndpointTests
{
    private static readonly string[] Fields =
    [
        "id", "status", "service_required", "queue", "priority", "payload", "customer_id", "workflow_id", "workflow_priority", "workflow_datetime",
        "deadline", "max_retries", "retry", "timeout_seconds", "stall_timeout_seconds", "queue_timeout_seconds", "idempotent", "on_unknown", "not_before", "metadata", "attempt",
        "epoch", "worker_id", "progress", "progress_message", "completed_chunks", "total_chunks", "resume_job_id", "created_at", "assigned_at", "started_at", "completed_at", "failed_at", "cancelled_at",
        "retry_at", "result", "outputs", "error", "failures", "queue_position", "held_reason", "submissions", "rescues", "requirements", "urgency", "memory_floor_mb",
        "fingerprint", "unworkable", "unworkable_reason", "cancel_requested", "pause_requested", "end_reason",
    ];

    [Fact]
    public async Task Get_AJob_ShowsEveryFieldInItsForm()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.Jobs["a:1"] = new FakeJob();
        gateway.Grid.Jobs["a:1"].Set(GatewayUnderTest.Job("a:1", JobStatus.Completed) with
        {
            Retry = new BackoffPolicy(250, 60_000, 1.5),
            AttemptTimeoutMs = 1_500,
            Metadata = "{\"ü\":[1]}"u8.ToArray(),
            Result = "{\"ok\":true}"u8.ToArray(),
            Outputs = [new JobOutputView("a:1/1/x.png", "x.png", "00ff", 7)],
            StallTimeoutMs = 90_000,
            Failures = [new FailureView(1, 1, "w", "resource_limit", "gpu_memory_full", "it's \"slow\"", 1_750_000_001_000, "resource_exhaustion")],
            Submissions = [new ServiceSubmission { N = 2, Epoch = 3, Instance = "comfy-1", ExternalId = "u-u", BootMark = "b", At = 1_750_000_000_000 }],
            Rescues = 2,
            Fingerprint = "00000000000000aa",
            HeldReason = "not reachable: refused",
            PauseRequested = true,
            UnworkableReason = "no worker offers it",
        });
        var answer = await gateway.GetAsync("/api/jobs/a:1");
        Assert.Equal(200, (int)answer.Status);
        var job = answer.Json.GetProperty("job");
        Assert.Equal(Fields.Order(), job.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal("completed", job.GetProperty("status").GetString());
        Assert.Equal("2025-06-15T15:06:40.123Z", job.GetProperty("created_at").GetString());
        Assert.Equal("2025-06-15T15:06:49.000Z", job.GetProperty("completed_at").GetString());
        Assert.Equal(JsonValueKind.Null, job.GetProperty("failed_at").ValueKind);
        Assert.Equal(1, job.GetProperty("payload").GetProperty("a").GetInt32());
        Assert.Equal(1, job.GetProperty("metadata").GetProperty("ü")[0].GetInt32());
        Assert.Equal(0.25, job.GetProperty("retry").GetProperty("base_delay").GetDouble());
        Assert.Equal(1.5, job.GetProperty("timeout_seconds").GetDouble());
        Assert.Equal("it's \"slow\"", job.GetProperty("failures")[0].GetProperty("message").GetString());
        Assert.Equal("resource_exhaustion", job.GetProperty("failures")[0].GetProperty("failure_class").GetString());
        Assert.Equal(
            """{"instance":"comfy-1","external_id":"u-u","epoch":3,"n":2,"at":"2025-06-15T15:06:40.000Z","boot_mark":"b","over":false,"service_id":null}""",
            job.GetProperty("submissions")[0].GetRawText());
        Assert.Equal((90.0, 2, "00000000000000aa"), (job.GetProperty("stall_timeout_seconds").GetDouble(), job.GetProperty("rescues").GetInt32(), job.GetProperty("fingerprint").GetString()));
        Assert.Equal(("not reachable: refused", true), (job.GetProperty("held_reason").GetString(), job.GetProperty("pause_requested").GetBoolean()));
        Assert.Equal("a:1/1/x.png", job.GetProperty("outputs")[0].GetProperty("artefact").GetString());
        Assert.True(job.GetProperty("unworkable").GetBoolean());
    }

    [Theory]
    [InlineData(JobStatus.Failed, "failed_at")]
    [InlineData(JobStatus.Timeout, "failed_at")]
    [InlineData(JobStatus.Cancelled, "cancelled_at")]
    public async Task Get_AFinalJob_HasItsEndUnderTheNameOfItsState(JobStatus status, string field)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.Jobs["a"] = new FakeJob();
        gateway.Grid.Jobs["a"].Set(GatewayUnderTest.Job("a", status));
        var job = (await gateway.GetAsync("/api/jobs/a")).Json.GetProperty("job");
        string[] ends = ["completed_at", "failed_at", "cancelled_at"];
        Assert.Equal([field], ends.Where(e => job.GetProperty(e).ValueKind == JsonValueKind.String));
    }

    [Theory]
    [InlineData("/api/jobs/nobody")]
    [InlineData("/api/jobs/no%20body")]
    [InlineData("/api/jobs/nobody/events")]
    [InlineData("/api/jobs/nobody/result")]
    [InlineData("/api/jobs/nobody/stream")]
    public async Task Get_AnUnknownJob_Is404NamingIt(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.GetAsync(path)).IsProblem(404, words: "body'");
    }

    [Fact]
    public async Task List_WithFilters_HandsThemOnAndAnswersTheCursor()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        JobFilter? asked = null;
        gateway.Grid.OnList = filter =>
        {
            asked = filter;
            return new JobPage([GatewayUnderTest.Job("a"), GatewayUnderTest.Job("b")], "next");
        };
        var answer = await gateway.GetAsync("/api/jobs?status=in_progress&service=s&customer_id=M%C3%BCller&workflow_id=w&q=a&limit=2&cursor=c");
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(
            new JobFilter { Status = JobStatus.InProgress, Service = "s", CustomerId = "Müller", WorkflowId = "w", IdPrefix = "a", Limit = 2, Cursor = "c" }, asked);
        Assert.Equal(["a", "b"], answer.Json.GetProperty("jobs").EnumerateArray().Select(j => j.GetProperty("id").GetString()!));
        Assert.Equal("next", answer.Json.GetProperty("next_cursor").GetString());
        Assert.True(answer.Json.TryGetProperty("timestamp", out _));
        await gateway.GetAsync("/api/jobs?status=&limit=");
        Assert.Equal(new JobFilter { Limit = 50 }, asked);
    }

    [Theory]
    [InlineData("status=running", "status", "pending, assigned, in_progress, retrying, reconciling, paused, completed, failed, cancelled, timeout")]
    [InlineData("limit=0", "limit", "1 to 500")]
    [InlineData("limit=501", "limit", "1 to 500")]
    [InlineData("limit=ten", "limit", "1 to 500")]
    [InlineData("limit=1&limit=2", "limit", "more than once")]
    [InlineData("q=a%2Fb", "q", "A-Za-z0-9._:-")]
    [InlineData("cursor=%20", "cursor", "next_cursor")]
    [InlineData("state=pending", "state", "use status, service")]
    public async Task List_WithABadParameter_NamesItAndWhatIsAllowed(string query, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.GetAsync("/api/jobs?" + query)).IsProblem(400, field, words);
    }

    [Fact]
    public async Task List_WithACursorThatTheStoreCannotRead_Is400()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnList = _ => throw new FormatException("no cursor");
        (await gateway.GetAsync("/api/jobs?cursor=abc")).IsProblem(400, "cursor", "next_cursor");
        (await gateway.GetAsync("/api/jobs")).IsProblem(500);
    }

    [Fact]
    public async Task List_WhenTheStoreIsAway_Is503()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnList = _ => throw new Storage.StoreUnavailableException("redis at 127.0.0.1:1 is silent");
        (await gateway.GetAsync("/api/jobs")).IsProblem(503, words: "the store did not answer in time: redis at 127.0.0.1:1 is silent");
    }

    [Fact]
    public async Task Events_AreShownOldestFirst()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnEvents = _ => [new JobEventView(1, "submitted", 1_750_000_000_000, null, "pending", 0, 0, null, null)];
        var shown = (await gateway.GetAsync("/api/jobs/a/events")).Json.GetProperty("events")[0];
        Assert.Equal(["sequence", "type", "at", "from", "to", "attempt", "epoch", "worker_id", "reason", "failure"], shown.EnumerateObject().Select(p => p.Name));
        Assert.Equal("2025-06-15T15:06:40.000Z", shown.GetProperty("at").GetString());
    }

    [Fact]
    public async Task Events_OfAFailedAttempt_CarryItsWholeReport()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var report = new FailureReport
        {
            FailureClass = "resource_exhaustion",
            FailureType = "resource_limit",
            FailureReason = "gpu_memory_full",
            Message = "CUDA out of memory",
            RetryAfterMs = 1,
            DurationMs = 2,
            ExceptionType = "E",
            Stack = "s",
            Stage = "run",
            ExternalStatus = 500,
            Instance = "i",
            GpuMemoryUsedMb = 3,
            GpuMemoryTotalMb = 4,
            SystemMemoryUsedMb = 5,
            SystemMemoryTotalMb = 6,
            ModelLoaded = "m",
            EstimatedSizeMb = 7,
            Hints = new Dictionary<string, string> { ["Node"] = "KSampler" },
        };
        gateway.Grid.OnEvents = _ => [new JobEventView(3, "attempt_failed", 1_750_000_000_000, "in_progress", "in_progress", 1, 1, "w", "why", report)];
        var failure = (await gateway.GetAsync("/api/jobs/a/events")).Json.GetProperty("events")[0].GetProperty("failure");
        Assert.Equal(
            """
            {"failure_class":"resource_exhaustion","failure_type":"resource_limit","failure_reason":"gpu_memory_full","message":"CUDA out of memory","retry_after_ms":1,"duration_ms":2,"exception_type":"E","stack":"s","stage":"run","external_status":500,"instance":"i","gpu_memory_used_mb":3,"gpu_memory_total_mb":4,"system_memory_used_mb":5,"system_memory_total_mb":6,"model_loaded":"m","estimated_size_mb":7,"hints":{"Node":"KSampler"},"service_log":null}
            """.Trim(),
            failure.GetRawText());
    }

    [Fact]
    public async Task Result_ComesWithTheCompletionAndNotBefore()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.Jobs["a"] = new FakeJob();
        gateway.Grid.Jobs["a"].Set(GatewayUnderTest.Job("a", JobStatus.InProgress));
        (await gateway.GetAsync("/api/jobs/a/result")).IsProblem(409, words: "in_progress");
        gateway.Grid.Jobs["a"].Set(GatewayUnderTest.Job("a", JobStatus.Failed) with { Error = "out of memory" });
        (await gateway.GetAsync("/api/jobs/a/result")).IsProblem(409, words: "out of memory");
        gateway.Grid.Jobs["a"].Set(GatewayUnderTest.Job("a", JobStatus.Completed) with { Result = "[1]"u8.ToArray() });
        Assert.Equal(1, (await gateway.GetAsync("/api/jobs/a/result")).Json.GetProperty("result")[0].GetInt32());
    }

    [Theory]
    [InlineData("/api/nonsense")]
    [InlineData("/api/webhooks/x")]
    [InlineData("/api/jobs/a/pause")]
    public async Task Get_WhatIsNotBuilt_Is404NamingThePath(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.GetAsync(path)).IsProblem(404, words: "GET " + path);
    }
}
