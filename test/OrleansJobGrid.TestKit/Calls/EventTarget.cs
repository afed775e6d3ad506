using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.TestKit.Calls;

/// <summary>A receiver of posted events that keeps them all, in the order of their coming.</summary>
public sealed class EventTarget : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly List<JsonObject> _taken = [];
    private readonly List<string> _unsigned = [];
    private readonly Dictionary<string, string> _contents = [];
    private readonly List<string> _changed = [];

    private EventTarget()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Where events are posted.</summary>
    public string Url => _app.Urls.Single() + "/events";

    /// <summary>The secret of the subscription; null: signatures are not looked at.</summary>
    public string? Secret { get; set; }

    /// <summary>The status for a delivery.</summary>
    public Func<IReadOnlyList<JsonObject>, int> Answer { get; set; } = _ => 200;

    /// <summary>Events that were taken, repetitions included.</summary>
    public IReadOnlyList<JsonObject> Taken
    {
        get
        {
            lock (_lock)
                return [.. _taken];
        }
    }

    /// <summary>Deliveries whose signature was wrong.</summary>
    public IReadOnlyList<string> Unsigned
    {
        get
        {
            lock (_lock)
                return [.. _unsigned];
        }
    }

    /// <summary>Ids of deliveries that came again with another content.</summary>
    public IReadOnlyList<string> Changed
    {
        get
        {
            lock (_lock)
                return [.. _changed];
        }
    }

    /// <summary>Starts one on a free port.</summary>
    public static async Task<EventTarget> StartAsync()
    {
        var target = new EventTarget();
        await target._app.StartAsync();
        return target;
    }

    /// <summary>The events that were taken without repetitions: of each its first coming.</summary>
    public IReadOnlyList<JsonObject> Distinct() => [.. Taken.DistinctBy(IdOf)];

    public static string IdOf(JsonObject e) => e["id"]!.GetValue<string>();

    public static string TypeOf(JsonObject e) => e["type"]!.GetValue<string>();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var events = JsonNode.Parse(body.ToArray())!["events"]!.AsArray().Select(e => e!.AsObject()).ToList();
        var status = Answer(events);
        lock (_lock)
        {
            if (Secret is { } secret && !IsSigned(http.Request.Headers, body.ToArray(), secret))
                _unsigned.Add(Encoding.UTF8.GetString(body.ToArray()));
            var (id, content) = (http.Request.Headers["webhook-id"].ToString(), Encoding.UTF8.GetString(body.ToArray()));
            if (!_contents.TryAdd(id, content) && _contents[id] != content)
                _changed.Add(id);
            if (status is >= 200 and < 300)
                _taken.AddRange(events);
        }

        http.Response.StatusCode = status;
        await http.Response.WriteAsync(status < 300 ? "" : "the test would not have it");
    }

    private static bool IsSigned(IHeaderDictionary headers, byte[] body, string secret)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}."), .. body];
        var expected = HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), signed);
        return headers["webhook-signature"] == "v1," + Convert.ToBase64String(expected);
    }
}
