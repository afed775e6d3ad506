using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class DeadLetterEndpointTests
{
    private const string Kind = "00000000000000aa";

    [Fact]
    public async Task List_WithFilters_AsksForDeadLettersOnly()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        JobFilter? asked = null;
        gateway.Grid.OnList = filter =>
        {
            asked = filter;
            return new JobPage([Dead("b"), Dead("a")], "next");
        };
        var answer = await gateway.GetAsync($"/api/dead-letters?status=timeout&service=s&customer_id=c&fingerprint={Kind}&limit=2&cursor=x");
        Assert.Equal(
            new JobFilter { DeadLetters = true, Status = JobStatus.Timeout, Service = "s", CustomerId = "c", Fingerprint = Kind, Limit = 2, Cursor = "x" }, asked);
        Assert.Equal(["success", "dead_letters", "next_cursor", "timestamp"], answer.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(["b", "a"], answer.Json.GetProperty("dead_letters").EnumerateArray().Select(j => j.GetProperty("id").GetString()!));
        Assert.Equal(Kind, answer.Json.GetProperty("dead_letters")[0].GetProperty("fingerprint").GetString());
    }

    [Theory]
    [InlineData("status=completed", "status", "use failed, timeout")]
    [InlineData("fingerprint=xyz", "fingerprint", "16 of 0-9a-f")]
    [InlineData("q=a", "q", "use status, service, customer_id, fingerprint")]
    public async Task List_WithABadParameter_NamesItAndWhatIsAllowed(string query, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.GetAsync("/api/dead-letters?" + query)).IsProblem(400, field, words);
    }

    [Fact]
    public async Task Get_ShowsTheJobWithItsLog_AndOnlyADeadLetter()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnEvents = _ => [new JobEventView(1, "submitted", 0, null, "pending", 0, 0, null, null)];
        gateway.Grid.Jobs["a"] = new FakeJob();
        gateway.Grid.Jobs["a"].Set(Dead("a"));
        var shown = (await gateway.GetAsync("/api/dead-letters/a")).Json;
        Assert.Equal(("a", "submitted"), (shown.GetProperty("job").GetProperty("id").GetString(), shown.GetProperty("events")[0].GetProperty("type").GetString()));
        gateway.Grid.Jobs["a"].Set(GatewayUnderTest.Job("a", JobStatus.Pending));
        (await gateway.GetAsync("/api/dead-letters/a")).IsProblem(404, words: "is pending and no dead letter");
        (await gateway.GetAsync("/api/dead-letters/b")).IsProblem(404, words: "There is no job 'b'");
    }

    [Fact]
    public async Task Groups_AreCountedByFingerprint_WithTheNewestAsTheExample()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var failure = new FailureView(1, 1, "w", "resource_limit", "gpu_memory_full", "CUDA out of memory", 0, "resource_exhaustion");
        JobView[] letters =
        [
            Dead("n") with { FinishedAt = 1_750_000_009_000, Error = "newest", Failures = [failure], Epoch = 1 },
            GatewayUnderTest.Job("t", JobStatus.Timeout) with { Fingerprint = "00000000000000bb", EndReason = "its deadline passed" },
            Dead("o") with { FinishedAt = 1_750_000_000_000, Error = "older", Failures = [failure], Epoch = 1 },
            Dead("p") with { Fingerprint = "00000000000000cc", Error = "killed 3 workers", Failures = [failure], Epoch = 4 },
        ];
        gateway.Grid.OnList = filter => Assert.IsType<JobFilter>(filter) is { DeadLetters: true, Cursor: null } ? new JobPage(letters[..2], "more") : new JobPage(letters[2..], null);
        var answer = (await gateway.GetAsync("/api/dead-letters/groups")).Json;
        Assert.False(answer.GetProperty("truncated").GetBoolean());
        var groups = answer.GetProperty("groups").EnumerateArray().ToDictionary(g => g.GetProperty("fingerprint").GetString()!);
        Assert.Equal(
            $$"""{"fingerprint":"{{Kind}}","service":"simulation","failure_type":"resource_limit","failure_reason":"gpu_memory_full","message":"newest","count":2,"first_at":"2025-06-15T15:06:40.000Z","last_at":"2025-06-15T15:06:49.000Z","example_job_id":"n"}""",
            groups[Kind].GetRawText());
        Assert.Equal(("timeout", "its deadline passed"), (groups["00000000000000bb"].GetProperty("failure_type").GetString(), groups["00000000000000bb"].GetProperty("message").GetString()));
        // An earlier failure is not what it died of.
        Assert.Equal((null, "killed 3 workers"), (groups["00000000000000cc"].GetProperty("failure_type").GetString(), groups["00000000000000cc"].GetProperty("message").GetString()));
        Assert.Equal(Kind, answer.GetProperty("groups")[0].GetProperty("fingerprint").GetString());
    }

    [Fact]
    public async Task Groups_BeyondFiveThousand_SayThatTheyAreTruncated()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var read = 0;
        gateway.Grid.OnList = filter => new JobPage([.. Enumerable.Range(0, filter.Limit).Select(_ => Dead($"j{read++}"))], $"c{read}");
        var answer = (await gateway.GetAsync("/api/dead-letters/groups")).Json;
        Assert.Equal((5_000, 5_000, true), (read, answer.GetProperty("groups")[0].GetProperty("count").GetInt32(), answer.GetProperty("truncated").GetBoolean()));
    }

    [Fact]
    public async Task RequeueOfOne_IsARetry_AndDeleteOfOneIsAPurge()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob { Answer = new ControlAnswer(true, true, JobStatus.Pending, "back") };
        Assert.Equal(200, (int)(await gateway.PostAsync("/api/dead-letters/a/requeue", """{"reason":"mended"}""")).Status);
        Assert.Equal("back", (await gateway.DeleteAsync("/api/dead-letters/a")).Json.GetProperty("message").GetString());
        Assert.Equal(["retry: mended", "purge"], job.Asked);
        job.Answer = new ControlAnswer(true, false, JobStatus.InProgress, "only a dead letter can be purged");
        (await gateway.DeleteAsync("/api/dead-letters/a")).IsProblem(409, words: "only a dead letter");
        (await gateway.DeleteAsync("/api/dead-letters/nobody")).IsProblem(404, words: "nobody");
    }

    [Theory]
    [InlineData("requeue", "requeued", "retry: asked for over HTTP")]
    [InlineData("purge", "purged", "purge")]
    public async Task AGroupOfTenThousand_IsSweptToItsEndInOneCall(string verb, string done, string asked)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var ids = Enumerable.Range(0, 10_000).Select(i => $"j{i:d5}").ToArray();
        foreach (var id in ids)
            gateway.Grid.Jobs[id] = new FakeJob { Answer = new ControlAnswer(true, true, JobStatus.Pending, "back") };
        gateway.Grid.Jobs["j00007"].Answer = new ControlAnswer(true, false, JobStatus.Failed, "its deadline has passed");
        gateway.Grid.Jobs["j09999"].ControlFault = new StoreUnavailableException("silent");
        gateway.Grid.OnList = filter =>
        {
            Assert.Equal((true, Kind), (filter.DeadLetters, filter.Fingerprint));
            var from = filter.Cursor is null ? 0 : int.Parse(filter.Cursor);
            var until = Math.Min(ids.Length, from + filter.Limit);
            return new JobPage([.. ids[from..until].Select(Dead)], until == ids.Length ? null : $"{until}");
        };
        var answer = (await gateway.PostAsync($"/api/dead-letters/{verb}", $$"""{"fingerprint":"{{Kind}}"}""")).Json;
        Assert.Equal((9_998, false), (answer.GetProperty(done).GetInt32(), answer.GetProperty("success").GetBoolean()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.GetProperty("next_cursor").ValueKind);
        var refused = answer.GetProperty("refused").EnumerateArray().Select(r => (r.GetProperty("job_id").GetString(), r.GetProperty("error").GetString()!)).ToArray();
        Assert.Equal(["j00007", "j09999"], refused.Select(r => r.Item1));
        Assert.Equal("its deadline has passed", refused[0].Item2);
        Assert.Contains("unknown, since the store did not answer in time", refused[1].Item2, StringComparison.Ordinal);
        Assert.All(ids, id => Assert.Equal([asked], gateway.Grid.Jobs[id].Asked));
    }

    [Fact]
    public async Task AGroup_WhenTheStoreGoesInTheMiddle_AnswersWhatWasDoneAndWhereToGoOn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.Jobs["a"] = new FakeJob { Answer = new ControlAnswer(true, true, JobStatus.Pending, "back") };
        gateway.Grid.OnList = filter => filter.Cursor is null ? new JobPage([Dead("a")], "c1") : throw new StoreUnavailableException("silent");
        var answer = (await gateway.PostAsync("/api/dead-letters/requeue", $$"""{"fingerprint":"{{Kind}}","reason":"again"}""")).Json;
        Assert.Equal((1, "c1"), (answer.GetProperty("requeued").GetInt32(), answer.GetProperty("next_cursor").GetString()));
        (await gateway.PostAsync("/api/dead-letters/requeue", $$"""{"fingerprint":"{{Kind}}","cursor":"c1"}""")).IsProblem(503);
        Assert.Equal(["retry: again"], gateway.Grid.Jobs["a"].Asked);
    }

    [Theory]
    [InlineData("{}", "fingerprint", "is missing")]
    [InlineData("""{"fingerprint":"XX"}""", "fingerprint", "16 of 0-9a-f")]
    [InlineData("""{"fingerprint":"00000000000000aa","id":"x"}""", "id", "it has fingerprint, cursor")]
    public async Task AGroup_WithAWrongBody_NamesTheField(string body, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/dead-letters/requeue", body)).IsProblem(400, field, words);
        (await gateway.PostAsync("/api/dead-letters/purge", body)).IsProblem(400, field, words);
    }

    private static JobView Dead(string id) => GatewayUnderTest.Job(id, JobStatus.Failed) with { Fingerprint = Kind };
}
