using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.TestKit.Calls;

/// <summary>Another system that keeps states of jobs, as a reconciler reads it and puts it right.</summary>
public sealed class StateTarget : IAsyncDisposable
{
    private const int PageSize = 7;

    private readonly WebApplication _app;

    private StateTarget()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapGet("/states", Read);
        _app.MapPut("/states/{id}", WriteAsync);
    }

    /// <summary>What the settings name.</summary>
    public string Url => _app.Urls.Single() + "/states";

    /// <summary>What it has.</summary>
    public ConcurrentDictionary<string, string> States { get; } = new(StringComparer.Ordinal);

    /// <summary>An id that it will not put right, with 409.</summary>
    public string? Stubborn { get; set; }

    /// <summary>Whether it answers 500 to readings.</summary>
    public bool Broken { get; set; }

    /// <summary>How often it was written to.</summary>
    public ConcurrentQueue<string> Writes { get; } = new();

    /// <summary>Starts one on a free port.</summary>
    public static async Task<StateTarget> StartAsync()
    {
        var target = new StateTarget();
        await target._app.StartAsync();
        return target;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private IResult Read(string? cursor)
    {
        if (Broken)
            return Results.StatusCode(500);
        var from = int.Parse(cursor ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        var all = States.OrderBy(s => s.Key, StringComparer.Ordinal).ToList();
        var entries = new JsonArray([.. all.Skip(from).Take(PageSize).Select(s => new JsonObject { ["id"] = s.Key, ["state"] = s.Value, ["updated_at"] = "2026-01-01T00:00:00Z" })]);
        var next = from + PageSize < all.Count ? (from + PageSize).ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
        return Results.Text(new JsonObject { ["entries"] = entries, ["next_cursor"] = next }.ToJsonString(), "application/json");
    }

    private async Task<IResult> WriteAsync(string id, HttpRequest request)
    {
        var body = await JsonNode.ParseAsync(request.Body);
        Writes.Enqueue(id);
        if (id == Stubborn || id != body!["id"]!.GetValue<string>())
            return Results.StatusCode(409);
        States[id] = body["state"]!.GetValue<string>();
        return Results.NoContent();
    }
}
