using System.Text;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class SubmitEndpointTests
{
    private const string Job = """{"service_required":"simulation","payload":{"duration_ms":1}}""";

    [Fact]
    public async Task Post_AGoodJob_IsTakenAndAnsweredWithItsId()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => Task.FromResult<IReadOnlyList<SubmitResult>?>(
            [new SubmitResult(jobs[0].Id, SubmitOutcome.Created, null, "no worker offers simulation")]);
        var answer = await gateway.PostAsync("/api/jobs", Job, "application/json; charset=utf-8");
        Assert.Equal(201, (int)answer.Status);
        var id = answer.Json.GetProperty("job_id").GetString()!;
        Assert.True(Guid.TryParse(id, out _));
        Assert.True(answer.Json.GetProperty("success").GetBoolean());
        Assert.Equal("no worker offers simulation", answer.Json.GetProperty("warnings")[0].GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", answer.Json.GetProperty("timestamp").GetString()!);
        Assert.NotEmpty(answer.Json.GetProperty("message").GetString()!);
        Assert.Equal("/api/jobs/" + id, answer.Headers.Location!.ToString());
        Assert.False(answer.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task Post_TheSameKeyAgain_ReplaysAndAnotherBodyConflicts()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var first = await gateway.PostAsync("/api/jobs", Job, idempotencyKey: "order-1");
        var second = await gateway.PostAsync("/api/jobs", Job.Replace("{\"duration_ms\":1}", " {\"duration_ms\" : 1 }", StringComparison.Ordinal), idempotencyKey: "order-1");
        var other = await gateway.PostAsync("/api/jobs", Job.Replace("1}", "2}", StringComparison.Ordinal), idempotencyKey: "order-1");
        var id = first.Json.GetProperty("job_id").GetString();
        Assert.Equal((201, 201), ((int)first.Status, (int)second.Status));
        Assert.Equal(id, second.Json.GetProperty("job_id").GetString());
        Assert.Equal("true", Assert.Single(second.Headers.GetValues("Idempotency-Replayed")));
        other.IsProblem(409, words: "another job stands under the id");
        Assert.Equal(id, other.Json.GetProperty("job_id").GetString());
        Assert.Single(gateway.Grid.Taken);
    }

    [Fact]
    public async Task Post_ABadIdempotencyKey_IsNamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        string[][] bad = [[new string('k', 256)], ["has space"], ["one", "two"]];
        foreach (var values in bad)
        {
            gateway.Client.DefaultRequestHeaders.Remove("Idempotency-Key");
            gateway.Client.DefaultRequestHeaders.TryAddWithoutValidation("Idempotency-Key", values);
            (await gateway.PostAsync("/api/jobs", Job)).IsProblem(400, "Idempotency-Key", "visible ASCII");
        }

        Assert.Empty(gateway.Grid.Calls);
    }

    [Theory]
    [InlineData("{\"a\":}", 400, "body", "line 1, position 6")]
    [InlineData("{\"payload\":1}", 400, "service_required", "is missing")]
    [InlineData("{\"service_required\":\"s\",\"payload\":1,\"priority\":101}", 400, "priority", "0 to 100")]
    [InlineData("{\"service_required\":\"s\",\"payload\":1,\"prioritty\":1}", 400, "prioritty", "did you mean 'priority'?")]
    [InlineData("", 400, "body", "is empty")]
    public async Task Post_ABadJob_NamesTheFieldAndReachesNoGrid(string body, int status, string field, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs", body)).IsProblem(status, field, words);
        Assert.Empty(gateway.Grid.Calls);
    }

    [Fact]
    public async Task Post_TooLargeInAnyWay_Is413WithTheMend()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var payload = $$"""{"service_required":"s","payload":"{{new string('x', JobSubmissionLimits.PayloadBytes)}}"}""";
        (await gateway.PostAsync("/api/jobs", payload)).IsProblem(413, "payload", "POST /api/artefacts");
        var body = new byte[JobSubmissionLimits.JobBodyBytes + 1];
        (await gateway.PostAsync("/api/jobs", body, "application/json")).IsProblem(413, "body", "1 MB");
        using var unannounced = new HttpRequestMessage(HttpMethod.Post, "/api/jobs") { Content = new StreamContent(new MemoryStream(body)) };
        unannounced.Headers.TransferEncodingChunked = true;
        unannounced.Content.Headers.ContentType = new("application/json");
        using var response = await gateway.Client.SendAsync(unannounced, TestContext.Current.CancellationToken);
        Assert.Equal(413, (int)response.StatusCode);
        Assert.Empty(gateway.Grid.Calls);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task Post_WithoutTheContentTypeOfJson_Is415(string? type)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs", Encoding.UTF8.GetBytes(Job), type)).IsProblem(415, "Content-Type", "application/json");
    }

    [Fact]
    public async Task Post_WhenTheStoreDoesNotAnswer_Is503WithTheIdToSendAgain()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => Task.FromResult<IReadOnlyList<SubmitResult>?>([new SubmitResult(jobs[0].Id, SubmitOutcome.Unknown)]);
        var answer = await gateway.PostAsync("/api/jobs", Job);
        answer.IsProblem(503, words: "it cannot double");
        Assert.True(Guid.TryParse(answer.Json.GetProperty("job_id").GetString(), out _));
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task Post_WhenNoSiloAnswers_Is503WithTheIdToo()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        Exception[] faults = [new TimeoutException("30 s"), new Orleans.Runtime.OrleansException("no gateway")];
        foreach (var fault in faults)
        {
            gateway.Grid.OnSubmit = _ => throw fault;
            var answer = await gateway.PostAsync("/api/jobs", Job);
            answer.IsProblem(503, words: "whether the job was written is unknown");
            Assert.True(answer.Json.TryGetProperty("job_id", out _));
        }
    }

    [Fact]
    public async Task Post_BeyondTheLimitOfItsCustomer_Is429WithTheLimitAndWhenToComeAgain()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => Task.FromResult<IReadOnlyList<SubmitResult>?>(
            [new SubmitResult(jobs[0].Id, SubmitOutcome.OverLimit, "has 100 jobs waiting in queue 'default', its limit (MaxQueued)")]);
        var answer = await gateway.PostAsync("/api/jobs", Job);
        answer.IsProblem(429, "customer_id", "has 100 jobs waiting");
        Assert.Equal("customer_id has 100 jobs waiting in queue 'default', its limit (MaxQueued).", answer.Json.GetProperty("detail").GetString());
        Assert.Equal("urn:jobgrid:problem:over-limit", answer.Json.GetProperty("type").GetString());
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task Post_WhatTheStoreRefuses_Is503WithItsReason()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => Task.FromResult<IReadOnlyList<SubmitResult>?>([new SubmitResult(jobs[0].Id, SubmitOutcome.Refused, "the disk is full")]);
        (await gateway.PostAsync("/api/jobs", Job)).IsProblem(503, words: "the disk is full");
    }

    [Fact]
    public async Task Post_WhenTheGridHasAFault_Is500WithAWayToItsLog()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = _ => throw new InvalidOperationException("secret detail");
        var answer = await gateway.PostAsync("/api/jobs", Job);
        answer.IsProblem(500, words: "log");
        Assert.DoesNotContain("secret detail", answer.Text, StringComparison.Ordinal);
    }
}
