using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class WhyEndpointTests
{
    private static readonly string[] Fields =
    [
        "success", "job_id", "status", "summary", "workable", "workers", "clauses", "position", "position_is_at_least", "seconds_ahead", "run", "envelope",
        "customer_held", "queue_paused_since", "queue_pause_reason", "not_now", "start", "timestamp",
    ];

    [Fact]
    public async Task Get_AWaitingJob_TellsAllThatIsKnown()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnWhy = id => new JobWhy
        {
            JobId = id,
            Status = JobStatus.Pending,
            Summary = "it waits",
            Workable = false,
            Registered = 9,
            Live = 7,
            Matching = 2,
            Free = 1,
            Clauses = [new ClauseCount("models", 5, "lacks model sdxl", ["w-1", "w-2"])],
            Wait = new QueueWait
            {
                Position = 3,
                PositionIsAtLeast = true,
                SecondsAhead = 120.5,
                RunP50Seconds = 40,
                RunP90Seconds = 61,
                Measured = 12,
                EnvelopeMb = 18_000,
                EnvelopeSource = "learned",
                CustomerHeld = "its customer runs 4 of 4",
                NotNow = new Dictionary<string, int> { ["too little free memory"] = 2 },
                Pause = new(1_750_000_000_000, "by day"),
            },
            StartP50Seconds = 180,
            StartP90Seconds = 480,
        };
        var answer = await gateway.GetAsync("/api/jobs/a:1/why");
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(Fields, answer.Json.EnumerateObject().Select(p => p.Name));
        AssertRaw("\"a:1\"", "job_id");
        AssertRaw("\"pending\"", "status");
        AssertRaw("\"it waits\"", "summary");
        AssertRaw("false", "workable");
        AssertRaw("""{"registered":9,"live":7,"matching":2,"free":1}""", "workers");
        AssertRaw("""[{"clause":"models","workers":5,"detail":"lacks model sdxl","examples":["w-1","w-2"]}]""", "clauses");
        AssertRaw("3", "position");
        AssertRaw("true", "position_is_at_least");
        AssertRaw("120.5", "seconds_ahead");
        AssertRaw("""{"p50_seconds":40,"p90_seconds":61,"measured":12}""", "run");
        AssertRaw("""{"gpu_memory_mb":18000,"source":"learned"}""", "envelope");
        AssertRaw("\"its customer runs 4 of 4\"", "customer_held");
        AssertRaw("\"2025-06-15T15:06:40.000Z\"", "queue_paused_since");
        AssertRaw("\"by day\"", "queue_pause_reason");
        AssertRaw("""[{"reason":"too little free memory","workers":2}]""", "not_now");
        AssertRaw("""{"p50_seconds":180,"p90_seconds":480}""", "start");

        void AssertRaw(string expected, string field) => Assert.Equal(expected, answer.Json.GetProperty(field).GetRawText());
    }

    [Fact]
    public async Task Get_AJobThatDoesNotWait_HasNullForWhatIsNotThere()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnWhy = id => new JobWhy { JobId = id, Status = JobStatus.InProgress, Summary = "it runs" };
        var json = (await gateway.GetAsync("/api/jobs/a/why")).Json;
        Assert.Equal(Fields, json.EnumerateObject().Select(p => p.Name));
        string[] absent = ["position", "position_is_at_least", "seconds_ahead", "run", "envelope", "customer_held", "queue_paused_since", "queue_pause_reason", "start"];
        Assert.All(absent, a => Assert.Equal(JsonValueKind.Null, json.GetProperty(a).ValueKind));
        Assert.All(["clauses", "not_now"], a => Assert.Equal("[]", json.GetProperty(a).GetRawText()));
        Assert.Equal(("in_progress", true), (json.GetProperty("status").GetString(), json.GetProperty("workable").GetBoolean()));
    }

    [Fact]
    public async Task Get_AWaitWithoutMeasuredRuns_SaysThatNoneWasMeasured()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnWhy = id => new JobWhy { JobId = id, Status = JobStatus.Pending, Summary = "next", Wait = new QueueWait { Position = 1 } };
        var json = (await gateway.GetAsync("/api/jobs/a/why")).Json;
        Assert.Equal("""{"p50_seconds":null,"p90_seconds":null,"measured":0}""", json.GetProperty("run").GetRawText());
        Assert.Equal((1, false), (json.GetProperty("position").GetInt32(), json.GetProperty("position_is_at_least").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("start").ValueKind);
    }

    [Fact]
    public async Task Get_AJobThatIsNotThere_Is404_AndWhatIsNoIdAsksNobody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var asked = new List<string>();
        gateway.Grid.OnWhy = id =>
        {
            asked.Add(id);
            return null;
        };
        (await gateway.GetAsync("/api/jobs/nobody/why")).IsProblem(404, words: "'nobody'");
        (await gateway.GetAsync("/api/jobs/no%20body/why")).IsProblem(404, words: "'no body'");
        Assert.Equal(["nobody"], asked);
    }
}
