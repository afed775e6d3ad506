using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.UnitTests.Gateway;

/// <summary>The edge on a real server at a free loopback port, over a grid in memory.</summary>
internal sealed class GatewayUnderTest : IAsyncDisposable
{
    /// <summary>Generous: nothing here takes long, and a machine may be busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication _app;

    private GatewayUnderTest(WebApplication app, FakeGrid grid, MemoryArtefacts artefacts, OffsetTimeProvider time)
    {
        (_app, Grid, Artefacts, Time) = (app, grid, artefacts, time);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = Patience };
    }

    public FakeGrid Grid { get; }

    public MemoryArtefacts Artefacts { get; }

    public HttpClient Client { get; }

    /// <summary>Its clock: the machine's, with what the test adds.</summary>
    public OffsetTimeProvider Time { get; }

    public static async Task<GatewayUnderTest> StartAsync(Action<GatewayOptions>? configure = null, Action<IServiceCollection>? change = null)
    {
        var grid = new FakeGrid();
        var artefacts = new MemoryArtefacts();
        var time = new OffsetTimeProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IGridGrains>(grid);
        builder.Services.AddSingleton<IArtefactStore>(artefacts);
        builder.Services.AddSingleton(new LinkKey("0123456789abcdef"u8.ToArray()));
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddJobGridGateway(configure);
        change?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapJobGrid();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new GatewayUnderTest(app, grid, artefacts, time);
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async Task<Answer> GetAsync(string path) => await ReadAsync(await Client.GetAsync(path, TestContext.Current.CancellationToken));

    public async Task<Answer> DeleteAsync(string path) => await ReadAsync(await Client.DeleteAsync(path, TestContext.Current.CancellationToken));

    /// <summary>A POST without a body.</summary>
    public Task<Answer> PostAsync(string path) => PostAsync(path, [], null);

    public Task<Answer> PostAsync(string path, string body, string contentType = "application/json", string? idempotencyKey = null) =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), contentType, idempotencyKey);

    public async Task<Answer> PostAsync(string path, byte[] body, string? contentType, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        return await ReadAsync(await Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    public static JobView Job(string id, JobStatus status = JobStatus.Pending, long version = 1, long progress = 0, double percent = 0) => new()
    {
        Id = id,
        Version = version,
        Status = status,
        Service = "simulation",
        Queue = "default",
        Priority = 50,
        Payload = "{\"a\":1}"u8.ToArray(),
        CreatedAt = 1_750_000_000_123,
        FinishedAt = status.IsFinal() ? 1_750_000_009_000 : null,
        ProgressNumber = progress,
        Progress = percent,
    };

    private static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var json = response.Content.Headers.ContentType?.MediaType is "application/json" or "application/problem+json"
                ? JsonDocument.Parse(text).RootElement
                : default;
            return new Answer(response.StatusCode, response.Headers, response.Content.Headers, text, json);
        }
    }
}

/// <summary>An answer read to its end.</summary>
internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, string Text, JsonElement Json)
{
    /// <summary>Asserts a problem of this status whose errors name the field with words of the message.</summary>
    public void IsProblem(int status, string? field = null, string? words = null)
    {
        Assert.True((int)Status == status, $"{(int)Status} instead of {status}: {Text}");
        Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.StartsWith("urn:jobgrid:problem:", Json.GetProperty("type").GetString());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        if (field is not null)
        {
            var errors = Json.GetProperty("errors");
            Assert.True(errors.TryGetProperty(field, out var messages), $"No error names '{field}': {Text}");
            if (words is not null)
                Assert.Contains(messages.EnumerateArray(), m => m.GetString()!.Contains(words, StringComparison.Ordinal));
        }
        else if (words is not null)
        {
            Assert.Contains(words, Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }
}
