using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class ControlEndpointTests
{
    [Theory]
    [InlineData("cancel")]
    [InlineData("pause")]
    [InlineData("resume")]
    [InlineData("retry")]
    public async Task Post_IsTakenRefusedOrUnknown_AndPassesTheReasonOn(string verb)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        (await gateway.PostAsync($"/api/jobs/a/{verb}")).IsProblem(404, words: "'a'");
        job.Answer = new ControlAnswer(true, false, JobStatus.Completed, "The job is completed already, which is final.");
        var refused = await gateway.PostAsync($"/api/jobs/a/{verb}");
        refused.IsProblem(409, words: "The job is completed already");
        Assert.Equal("a", refused.Json.GetProperty("job_id").GetString());
        job.Answer = new ControlAnswer(true, true, JobStatus.InProgress, "its worker was told");
        var answer = await gateway.PostAsync($"/api/jobs/a/{verb}", """{"reason":"night shift"}""");
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(["success", "job_id", "status", "message", "timestamp"], answer.Json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("in_progress", "its worker was told"), (answer.Json.GetProperty("status").GetString(), answer.Json.GetProperty("message").GetString()));
        await gateway.PostAsync($"/api/jobs/a/{verb}", """{"reason":null}""");
        Assert.Equal([.. Enumerable.Repeat($"{verb}: asked for over HTTP", 2), $"{verb}: night shift", $"{verb}: asked for over HTTP"], job.Asked);
        (await gateway.PostAsync($"/api/jobs/no%20job/{verb}")).IsProblem(404, words: "no job");
    }

    [Theory]
    [InlineData("completed", """,{"x":1}""", "resolve Completed: r {\"x\":1}")]
    [InlineData("completed", "", "resolve Completed: r -")]
    [InlineData("requeue", "", "resolve Requeue: r -")]
    [InlineData("fail", "", "resolve Fail: r -")]
    public async Task Resolve_PassesTheWordOnWithItsResult(string word, string result, string asked)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob { Answer = new ControlAnswer(true, true, JobStatus.Completed, "done") };
        var body = $$"""{"resolution":"{{word}}","reason":"r"{{(result.Length == 0 ? "" : ",\"result\":" + result[1..])}}}""";
        var answer = await gateway.PostAsync("/api/jobs/a/resolve", body);
        Assert.True((int)answer.Status == 200, answer.Text);
        Assert.Equal([asked], job.Asked);
    }

    [Theory]
    [InlineData("resolve", "", "body", "resolution")]
    [InlineData("resolve", "{}", "resolution", "is missing: give one of \"completed\", \"requeue\", \"fail\"")]
    [InlineData("resolve", """{"resolution":"done"}""", "resolution", "must be one of")]
    [InlineData("resolve", """{"resolution":"fail","result":{}}""", "result", "\"completed\" only")]
    [InlineData("resolve", """{"resolution":"fail","why":"x"}""", "why", "it has resolution, reason, result")]
    [InlineData("resolve", """{"resolution":"fail","resolution":"fail"}""", "body", "")]
    [InlineData("pause", """{"reason":""}""", "reason", "1 to 500")]
    [InlineData("pause", """{"reason":7}""", "reason", "must be a string")]
    [InlineData("pause", """{"reason":"a\nb"}""", "reason", "control characters")]
    [InlineData("pause", "[]", "body", "is not a JSON object")]
    [InlineData("pause", "{", "body", "not valid JSON at line 1")]
    [InlineData("pause", """{"reason":"\ud83d"}""", "body", "surrogate")]
    public async Task Post_WithAWrongBody_NamesTheFieldAndAsksNobody(string verb, string body, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var job = gateway.Grid.Jobs["a"] = new FakeJob();
        (await gateway.PostAsync($"/api/jobs/a/{verb}", body)).IsProblem(400, field, words);
        Assert.Empty(job.Asked);
    }

    [Fact]
    public async Task Post_WithABodyThatIsTooLargeOrNoJson_IsRefused()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs/a/pause", """{"reason":"x"}""", "text/plain")).IsProblem(415, "Content-Type", "application/json");
        (await gateway.PostAsync("/api/jobs/a/pause", new string(' ', 200_000))).IsProblem(413, "body", "128 KB");
        var result = $$"""{"resolution":"completed","result":"{{new string('x', 65_536)}}"}""";
        (await gateway.PostAsync("/api/jobs/a/resolve", result)).IsProblem(413, "result", "65538 bytes and 65536 are allowed");
    }
}
