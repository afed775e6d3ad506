using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.ConnectorTests.Rest;

/// <summary>A service outside that speaks the REST protocol on 127.0.0.1, and misbehaves as a test tells it.</summary>
internal sealed class RestService : IAsyncDisposable
{
    private WebApplication? _app;

    /// <summary>Its boot mark.</summary>
    public string Boot { get; set; } = "boot-1";

    /// <summary>Its jobs by external id, as the query answers them.</summary>
    public ConcurrentDictionary<string, JsonObject> Jobs { get; } = new();

    /// <summary>Files below <c>files/</c>.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    /// <summary>External ids in the order of their posts, each time that one arrived.</summary>
    public ConcurrentQueue<string> Posts { get; } = new();

    /// <summary>Bodies of the posts.</summary>
    public ConcurrentQueue<JsonNode> Bodies { get; } = new();

    /// <summary>External ids in the order of their stops.</summary>
    public ConcurrentQueue<string> Stops { get; } = new();

    /// <summary>How often it was asked.</summary>
    public int Questions;

    /// <summary>Instead of taking a post (given its number, from 1); true: it answered by itself.</summary>
    public Func<HttpContext, int, Task<bool>> OnPost { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Instead of answering a question (given its number, from 1); true: it answered by itself.</summary>
    public Func<HttpContext, int, Task<bool>> OnQuestion { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>The state of a job that was just taken.</summary>
    public Func<string, JsonObject> Taken { get; set; } = _ => State("running");

    /// <summary>What a stop makes of a job.</summary>
    public Func<JsonObject, JsonObject> Stopped { get; set; } = _ => State("cancelled");

    public string Address { get; private set; } = "http://127.0.0.1:0";

    public static JsonObject State(string state) => new() { ["state"] = state };

    public static JsonObject Done(JsonNode? result, params (string Name, string Url)[] outputs) => new()
    {
        ["state"] = "completed",
        ["progress"] = 100,
        ["result"] = result,
        ["outputs"] = new JsonArray([.. outputs.Select(o => new JsonObject { ["name"] = o.Name, ["url"] = o.Url })]),
    };

    public static JsonObject Failure(string? type, int? status) => new()
    {
        ["state"] = "failed",
        ["error"] = new JsonObject { ["type"] = type, ["message"] = "it says why", ["status"] = status },
    };

    public static async Task<RestService> StartAsync()
    {
        var service = new RestService();
        await service.ListenAsync();
        return service;
    }

    /// <summary>Listens, at its former address where it had one.</summary>
    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        _app = builder.Build();
        _app.MapGet("/health", () => Results.Json(new { boot = Boot }));
        _app.MapPost("/jobs", Take);
        _app.MapPost("/jobs/query", Answer);
        _app.MapPost("/jobs/{id}/cancel", Stop);
        _app.MapGet("/files/{name}", (string name) => Files.TryGetValue(name, out var file) ? Results.Bytes(file) : Results.NotFound());
        await _app.StartAsync();
        Address = _app.Urls.Single();
    }

    /// <summary>Is gone for everybody; what it knows stays.</summary>
    public async Task VanishAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync() => await VanishAsync();

    private async Task Take(HttpContext http)
    {
        var body = (await JsonNode.ParseAsync(http.Request.Body))!;
        var id = body["id"]!.GetValue<string>();
        Posts.Enqueue(id);
        Bodies.Enqueue(body);
        if (await OnPost(http, Posts.Count))
            return;
        Jobs[id] = Taken(id);
        http.Response.StatusCode = 202;
    }

    private async Task Answer(HttpContext http)
    {
        if (await OnQuestion(http, Interlocked.Increment(ref Questions)))
            return;
        var asked = (await JsonNode.ParseAsync(http.Request.Body))!["ids"]!.AsArray().Select(i => i!.GetValue<string>());
        var known = new JsonObject();
        foreach (var id in asked)
        {
            if (Jobs.TryGetValue(id, out var job))
                known[id] = job.DeepClone();
        }

        await http.Response.WriteAsJsonAsync(new JsonObject { ["boot"] = Boot, ["jobs"] = known });
    }

    private IResult Stop(string id)
    {
        if (Jobs.TryGetValue(id, out var job))
            Jobs[id] = Stopped(job);
        // What a test that saw it says of the job afterwards holds.
        Stops.Enqueue(id);
        return job is null ? Results.NotFound() : Results.Accepted();
    }
}
