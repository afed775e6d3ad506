using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Workers;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class WorkerControlEndpointTests
{
    [Theory]
    [InlineData("", "drain gpu-7:0  asked for over HTTP")]
    [InlineData("{}", "drain gpu-7:0  asked for over HTTP")]
    [InlineData("""{"deadline_seconds":90}""", "drain gpu-7:0 90 asked for over HTTP")]
    [InlineData("""{"deadline_seconds":0.5,"reason":"spot notice"}""", "drain gpu-7:0 0.5 spot notice")]
    [InlineData("""{"deadline_seconds":0,"reason":null}""", "drain gpu-7:0 0 asked for over HTTP")]
    public async Task Drain_PassesDeadlineAndReasonOn(string body, string asked)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerAnswer = new WorkerControlAnswer(true, true, "it claims no more");
        var answer = await gateway.PostAsync("/api/workers/gpu-7:0/drain", body);
        Assert.True((int)answer.Status == 200, answer.Text);
        Assert.Equal(["success", "worker_id", "message", "timestamp"], answer.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("gpu-7:0", "it claims no more"), (answer.Json.GetProperty("worker_id").GetString(), answer.Json.GetProperty("message").GetString()));
        Assert.Equal([asked], gateway.Grid.WorkerRequests);
    }

    [Theory]
    [InlineData("drain", """{"deadline":"30s"}""", "deadline", "it has deadline_seconds, reason")]
    [InlineData("drain", """{"deadline_seconds":"30"}""", "deadline_seconds", "a number from 0 to 86400")]
    [InlineData("drain", """{"deadline_seconds":-1}""", "deadline_seconds", "a number from 0 to 86400")]
    [InlineData("drain", """{"deadline_seconds":86401}""", "deadline_seconds", "a number from 0 to 86400")]
    [InlineData("drain", """{"deadline_seconds":1e999}""", "deadline_seconds", "a number from 0 to 86400")]
    [InlineData("drain", """{"reason":7}""", "reason", "must be a string")]
    [InlineData("drain", """{"reason":""}""", "reason", "1 to 500")]
    [InlineData("drain", "[]", "body", "is not a JSON object")]
    [InlineData("resume", """{"reason":"x"}""", "reason", "it has none")]
    public async Task Post_WithAWrongBody_NamesTheFieldAndAsksNobody(string verb, string body, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync($"/api/workers/w/{verb}", body)).IsProblem(400, field, words);
        Assert.Empty(gateway.Grid.WorkerRequests);
    }

    [Fact]
    public async Task ResumeAndForget_AskForTheWorker()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Assert.Equal(200, (int)(await gateway.PostAsync("/api/workers/w/resume")).Status);
        Assert.Equal(200, (int)(await gateway.PostAsync("/api/workers/w/resume", "{}")).Status);
        Assert.Equal(200, (int)(await gateway.DeleteAsync("/api/workers/w")).Status);
        Assert.Equal(["resume w", "resume w", "forget w"], gateway.Grid.WorkerRequests);
    }

    [Fact]
    public async Task ARequest_ThatIsRefused_Is409WithTheReason()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerAnswer = new WorkerControlAnswer(true, false, "Worker 'w' lives: drain it first.");
        var refused = await gateway.DeleteAsync("/api/workers/w");
        refused.IsProblem(409, words: "Worker 'w' lives");
        Assert.Equal("The state of the worker does not allow this", refused.Json.GetProperty("title").GetString());
        Assert.False(refused.Json.TryGetProperty("job_id", out _));
    }

    [Fact]
    public async Task ARequest_AboutAWorkerThatIsNotThere_Is404_AndWhatIsNoIdAsksNobody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerAnswer = new WorkerControlAnswer(false, false, "");
        (await gateway.PostAsync("/api/workers/w/drain")).IsProblem(404, words: "There is no worker 'w': GET /api/workers lists them");
        (await gateway.PostAsync("/api/workers/w/resume")).IsProblem(404, words: "'w'");
        (await gateway.DeleteAsync("/api/workers/w")).IsProblem(404, words: "'w'");
        (await gateway.DeleteAsync("/api/workers/no%20worker")).IsProblem(404, words: "'no worker'");
        Assert.Equal(3, gateway.Grid.WorkerRequests.Count);
    }

    [Fact]
    public async Task Workers_ShowWhatTheyCanDoAndTheirGpu()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerList =
        [
            Worker("w") with
            {
                State = "draining",
                Capabilities = """{"models":{"*":["sdxl"]}}""",
                Gpu = new GpuView
                {
                    Uuid = "GPU-1", Name = "RTX 4090", Architecture = "ada", Driver = "570", MemoryTotalMb = 24_564, MemoryFreeMb = 20_000,
                    UtilizationPercent = 7, TemperatureCelsius = 41, Processes = 1, Fault = null,
                },
                LoadedModels = ["sdxl"],
                ModelLoads = 3,
                DrainReason = "spot notice",
                Doubts = ["more free memory than there is"],
            },
        ];
        var worker = (await gateway.GetAsync("/api/workers")).Json.GetProperty("workers")[0];
        Assert.Equal("""{"models":{"*":["sdxl"]}}""", worker.GetProperty("capabilities").GetRawText());
        Assert.Equal(
            """{"uuid":"GPU-1","name":"RTX 4090","architecture":"ada","driver":"570","memory_total_mb":24564,"memory_free_mb":20000,"utilization_percent":7,"temperature_celsius":41,"processes":1,"fault":null,"gone":false}""",
            worker.GetProperty("gpu").GetRawText());
        Assert.Equal(("""["sdxl"]""", "3"), (worker.GetProperty("loaded_models").GetRawText(), worker.GetProperty("model_loads").GetRawText()));
        Assert.Equal("2025-06-15T15:06:40.000Z", worker.GetProperty("last_seen_at").GetString());
        Assert.Equal(("spot notice", "draining"), (worker.GetProperty("drain_reason").GetString(), worker.GetProperty("state").GetString()));
        Assert.Equal("""["more free memory than there is"]""", worker.GetProperty("doubts").GetRawText());
    }

    [Fact]
    public async Task Workers_ThatAreOffline_HaveNullForWhatASessionHas()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.WorkerList = [Worker("w") with { State = "offline", LeaseExpiresAt = 0, StartedAt = 0, SessionId = "" }];
        var worker = (await gateway.GetAsync("/api/workers")).Json.GetProperty("workers")[0];
        string[] absent = ["lease_expires_at", "started_at", "session_id", "capabilities", "gpu", "drain_reason"];
        Assert.All(absent, a => Assert.Equal("null", worker.GetProperty(a).GetRawText()));
        Assert.All(["loaded_models", "doubts"], a => Assert.Equal("[]", worker.GetProperty(a).GetRawText()));
    }

    internal static WorkerView Worker(string id) => new()
    {
        WorkerId = id,
        Node = "n",
        Services = ["comfyui"],
        Slots = 1,
        Jobs = [],
        State = "active",
        LeaseExpiresAt = 1_750_000_000_000,
        StartedAt = 1_750_000_000_000,
        Version = "1",
        SessionId = id,
        LastSeenAt = 1_750_000_000_000,
    };
}
