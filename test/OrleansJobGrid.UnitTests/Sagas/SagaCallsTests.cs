using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.UnitTests.Client;
using Xunit;

namespace OrleansJobGrid.UnitTests.Sagas;

/// <summary>Calls go where they may, and whatever comes of one is its end.</summary>
public sealed class SagaCallsTests
{
    [Theory]
    [InlineData("http://127.0.0.2:1/x", "is not among JobGrid:Sagas:Allow")]
    [InlineData("http://allowed.example/other", "is not among JobGrid:Sagas:Allow")]
    [InlineData("https://allowed.example/hooks/x", "is not among JobGrid:Sagas:Allow")]
    [InlineData("http://allowed.example:8080/hooks/x", "is not among JobGrid:Sagas:Allow")]
    [InlineData("http://allowed.example@127.0.0.1/hooks/x", "is no address of HTTP")]
    [InlineData("http://allowed.example/hooks/../admin", "has a path that leads back")]
    [InlineData("http://allowed.example/hooks/%2e%2E/admin", "has a path that leads back")]
    [InlineData("http://allowed.example/hooks/..%2fadmin", "has a path that leads back")]
    [InlineData("http://allowed.example/hooks\\..\\admin", "has a path that leads back")]
    [InlineData("/api/../orleans", "has a path that leads back")]
    [InlineData("/orleans", "is no address of HTTP")]
    [InlineData("//evil.example/api/x", "is no address of HTTP")]
    [InlineData("file:///etc/passwd", "is no address of HTTP")]
    [InlineData("/api/jobs", "set JobGrid:Sagas:GridUrl")]
    public async Task What_is_not_allowed_is_refused_and_not_tried_again(string url, string words)
    {
        using var calls = Calls("http://allowed.example/hooks/");
        var end = await calls.Call(Request(url), "key", TestContext.Current.CancellationToken);
        Assert.Contains(words, end.Error, StringComparison.Ordinal);
        Assert.True(end.Final);
    }

    [Theory]
    [InlineData(200, "{\"a\":1}", null, false)]
    [InlineData(204, "", null, false)]
    [InlineData(422, "no", "POST * answered 422: \"no\"", true)]
    [InlineData(429, "later", "POST * answered 429: \"later\"", false)]
    [InlineData(500, "oh", "POST * answered 500: \"oh\"", false)]
    [InlineData(302, "", "POST * answered 302: \"\"", false)]
    public async Task An_answer_is_output_or_failure(int status, string body, string? error, bool final)
    {
        await using var target = await CannedGrid.StartAsync(body, status);
        using var calls = Calls(target.Url);
        var end = await calls.Call(Request($"{target.Url}/x?secret=1"), "the-key", TestContext.Current.CancellationToken);
        Assert.Equal((error?.Replace("*", $"{target.Url}/x", StringComparison.Ordinal), final), (end.Error, end.Final));
        Assert.Equal("the-key", target.Requests.Single().IdempotencyKey);
        if (error is null)
            Assert.Equal(status, JsonNode.Parse(end.Output)!["status"]!.GetValue<int>());
    }

    [Fact]
    public async Task One_without_an_answer_ends_after_its_time_and_one_that_is_stopped_at_once()
    {
        await using var target = await CannedGrid.StartAsync(async (context, _, _) => await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        using var calls = Calls(target.Url);
        var request = Request(target.Url);
        request["timeout_ms"] = 50L;
        Assert.Contains("was not answered within 00:00:00.05", (await calls.Call(request, "key", TestContext.Current.CancellationToken)).Error, StringComparison.Ordinal);
        using var stop = new CancellationTokenSource();
        var running = calls.Call(Request(target.Url), "key", stop.Token);
        await stop.CancelAsync();
        Assert.Equal("It was stopped.", (await running).Error);
    }

    [Theory]
    [InlineData("hooks.example", null, "JobGrid:Sagas:Allow has 'hooks.example'")]
    [InlineData("http://ok/", "ftp://x", "JobGrid:Sagas:GridUrl is 'ftp://x'")]
    public void Settings_that_are_no_addresses_are_refused(string allow, string? own, string words)
    {
        var options = new JobGridOptions();
        options.Sagas.Allow.Add(allow);
        options.Sagas.GridUrl = own;
        Assert.Contains(words, new SagaOptionsCheck().Validate(null, options).FailureMessage, StringComparison.Ordinal);
    }

    private static SagaCalls Calls(string allow)
    {
        var options = new JobGridOptions();
        options.Sagas.Allow.Add(allow);
        return new(Options.Create(options), TimeProvider.System);
    }

    private static JsonObject Request(string url) =>
        new() { ["method"] = "POST", ["url"] = url, ["headers"] = new JsonObject(), ["body"] = null, ["accept"] = new JsonArray() };
}
