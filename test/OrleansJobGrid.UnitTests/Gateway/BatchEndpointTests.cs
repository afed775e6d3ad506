using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

public sealed class BatchEndpointTests
{
    private const string Ndjson = "application/x-ndjson";

    [Fact]
    public async Task Post_AnArray_GoesInChunksOfAThousandInItsOrder()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var answer = await gateway.PostAsync("/api/jobs/batch", Array(2_500));
        Assert.Equal(201, (int)answer.Status);
        Assert.True(answer.Json.GetProperty("success").GetBoolean());
        Assert.Equal([1_000, 1_000, 500], gateway.Grid.Calls);
        Assert.Equal(Enumerable.Range(0, 2_500).Select(i => $"job-{i}"), gateway.Grid.Order);
        var results = answer.Json.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal(Enumerable.Range(0, 2_500), results.Select(r => r.GetProperty("index").GetInt32()));
        Assert.All(results, r => Assert.True(r.GetProperty("success").GetBoolean() && r.GetProperty("error").ValueKind == JsonValueKind.Null));
    }

    [Fact]
    public async Task Post_AnArrayWithWrongElements_RefusesThoseAloneAndAnswers207()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var answer = await gateway.PostAsync("/api/jobs/batch",
            """[{"id":"a","service_required":"s","payload":1},{"id":"b","priority":500},7,{"id":"a","service_required":"s","payload":2},{"id":"c","service_required":"s","payload":1}]""");
        Assert.Equal(207, (int)answer.Status);
        Assert.False(answer.Json.GetProperty("success").GetBoolean());
        var results = answer.Json.GetProperty("results").EnumerateArray().ToArray();
        Assert.Equal([true, false, false, false, true], results.Select(r => r.GetProperty("success").GetBoolean()));
        Assert.Equal(["a", "c"], gateway.Grid.Order);
        var second = results[1].GetProperty("error").GetString();
        Assert.Contains("priority must be a whole number from 0 to 100", second, StringComparison.Ordinal);
        Assert.Contains("service_required is missing", second, StringComparison.Ordinal);
        Assert.Contains("is a number", results[2].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("another job stands under the id", results[3].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("[]", "empty array")]
    [InlineData("{}", "is not an array")]
    [InlineData("[{\"service_required\":\"s\",\"payload\":1},]", "line 1, position 39")]
    [InlineData("[{\"service_required\":\"s\",\"payload\":1}] ]", "not valid JSON")]
    [InlineData("[{\"service_required\":\"s\",\"payload\":1}", "not valid JSON")]
    public async Task Post_AMalformedArray_TakesNothingOfIt(string body, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs/batch", body)).IsProblem(400, "body", words);
        Assert.Empty(gateway.Grid.Calls);
    }

    [Fact]
    public async Task Post_ABatchBeyond64Mb_Is413()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs/batch", new byte[JobSubmissionLimits.BatchBodyBytes + 1], "application/json")).IsProblem(413, "body", "64 MB");
    }

    [Fact]
    public async Task Post_AnotherContentType_Is415()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        (await gateway.PostAsync("/api/jobs/batch", "a,b", "text/csv")).IsProblem(415, "Content-Type", Ndjson);
    }

    [Fact]
    public async Task Post_TheSameKeyAgain_ReplaysEachPlaceOfTheArray()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const string body = """[{"service_required":"s","payload":1},{"service_required":"s","payload":1}]""";
        var first = await gateway.PostAsync("/api/jobs/batch", body, idempotencyKey: "k");
        var second = await gateway.PostAsync("/api/jobs/batch", body, idempotencyKey: "k");
        Assert.Equal(2, gateway.Grid.Taken.Count);
        Assert.Equal(Ids(first), Ids(second));
    }

    [Fact]
    public async Task Post_WhenAChunkGetsNoAnswer_SendsNothingAfterItAndSaysSo()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => jobs[0].Id == "job-1000" ? throw new TimeoutException() : Task.FromResult<IReadOnlyList<SubmitResult>?>(null);
        var answer = await gateway.PostAsync("/api/jobs/batch", Array(2_001));
        Assert.Equal(207, (int)answer.Status);
        Assert.Equal([1_000, 1_000], gateway.Grid.Calls);
        var results = answer.Json.GetProperty("results").EnumerateArray().ToArray();
        Assert.True(results[999].GetProperty("success").GetBoolean());
        Assert.Contains("it cannot double", results[1_000].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Contains("was not sent", results[2_000].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal("job-2000", results[2_000].GetProperty("job_id").GetString());
    }

    [Fact]
    public async Task Post_Lines_AreAnsweredByLinesInTheirOrder()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var lines = string.Join('\n', Line("a"), "", "nonsense", Line("b") + "\r", new string(' ', 3), Line("a"), Line("c"));
        var answer = await gateway.PostAsync("/api/jobs/batch", lines, Ndjson);
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(Ndjson, answer.ContentHeaders.ContentType?.MediaType);
        var results = Lines(answer.Text);
        Assert.Equal([0, 1, 2, 3, 4], results.Select(r => r.GetProperty("index").GetInt32()));
        Assert.Equal([true, false, true, true, true], results.Select(r => r.GetProperty("success").GetBoolean()));
        Assert.Contains("not valid JSON at line 1", results[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(["a", "b", "c"], gateway.Grid.Order);
    }

    [Fact]
    public async Task Post_ALineBeyond1Mb_IsRefusedAloneAndTheNextOnesAreTaken()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        var lines = Line("a") + "\n" + new string('x', 3 << 20) + "\n" + Line("b") + "\n" + new string('y', 2 << 20);
        var results = Lines((await gateway.PostAsync("/api/jobs/batch", lines, Ndjson)).Text);
        Assert.Equal([true, false, true, false], results.Select(r => r.GetProperty("success").GetBoolean()));
        Assert.Contains("1 MB", results[1].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData(Ndjson)]
    public async Task Post_BeyondTheLimitOfACustomer_RefusesItsJobsAloneWithTheLimit(string type)
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        gateway.Grid.OnSubmit = jobs => Task.FromResult<IReadOnlyList<SubmitResult>?>(
            [.. jobs.Select(j => j.Id == "b" ? new SubmitResult(j.Id, SubmitOutcome.OverLimit, "has 1 jobs waiting, its limit") : new SubmitResult(j.Id, SubmitOutcome.Created))]);
        string[] jobs = [Line("a"), Line("b"), Line("c")];
        var answer = await gateway.PostAsync("/api/jobs/batch", type == Ndjson ? string.Join('\n', jobs) : $"[{string.Join(',', jobs)}]", type);
        var results = type == Ndjson ? Lines(answer.Text) : [.. answer.Json.GetProperty("results").EnumerateArray()];
        Assert.Equal(type == Ndjson ? 200 : 207, (int)answer.Status);
        Assert.Equal([true, false, true], results.Select(r => r.GetProperty("success").GetBoolean()));
        Assert.Equal("customer_id has 1 jobs waiting, its limit", results[1].GetProperty("error").GetString());
        Assert.Equal("b", results[1].GetProperty("job_id").GetString());
    }

    /// <summary>Most HTTP/1.1 clients send all before they read anything: their answers must have room.</summary>
    [Fact]
    public async Task Post_FiftyThousandLines_FromAClientThatReadsOnlyAfterwards_AllArrive()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        const int count = 50_000;
        var answer = await gateway.PostAsync("/api/jobs/batch", string.Join('\n', Enumerable.Range(0, count).Select(i => Line($"job-{i}"))), Ndjson);
        var lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(count, lines.Length);
        Assert.All(lines, l => Assert.Contains("\"success\":true", l, StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"job-{i}"), gateway.Grid.Order);
        Assert.All(gateway.Grid.Calls, c => Assert.InRange(c, 1, 1_000));
    }

    /// <summary>Each line is sent only after the answer to the one before was read.</summary>
    [Fact]
    public async Task Post_OneLineAtATime_IsAnsweredBeforeTheNextIsSent()
    {
        await using var gateway = await GatewayUnderTest.StartAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(GatewayUnderTest.Patience);
        using var connection = new TcpClient();
        await connection.ConnectAsync("127.0.0.1", gateway.Client.BaseAddress!.Port, limit.Token);
        var stream = connection.GetStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await SendAsync("POST /api/jobs/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 3; i++)
        {
            var line = Line($"live-{i}") + "\n";
            await SendAsync($"{line.Length:x}\r\n{line}\r\n");
            string? read;
            do
                read = await reader.ReadLineAsync(limit.Token);
            while (read is not null && !read.Contains($"\"live-{i}\"", StringComparison.Ordinal));
            Assert.NotNull(read);
        }

        await SendAsync("0\r\n\r\n");
        Assert.Equal([1, 1, 1], gateway.Grid.Calls);

        async Task SendAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
    }

    private static string Line(string id) => $$"""{"id":"{{id}}","payload":{"n":1},"service_required":"s"}""";

    private static string Array(int count) => "[" + string.Join(",\n", Enumerable.Range(0, count).Select(i => Line($"job-{i}"))) + "]";

    private static JsonElement[] Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    private static string?[] Ids(Answer answer) => [.. answer.Json.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("job_id").GetString())];
}
