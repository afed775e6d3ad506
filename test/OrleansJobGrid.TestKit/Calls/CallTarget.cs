using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.TestKit.Calls;

/// <summary>A receiver of calls that does each key's work once, as the calls' targets should.</summary>
public sealed class CallTarget : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, byte> _keys = new(StringComparer.Ordinal);

    private CallTarget()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Its address.</summary>
    public string Url => _app.Urls.Single();

    /// <summary>Paths whose effect came about, in order.</summary>
    public ConcurrentQueue<string> Effects { get; } = new();

    /// <summary>All calls, repetitions included.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Status for a path; it may wait. 200: the effect comes about.</summary>
    public Func<string, Task<int>> Answer { get; set; } = _ => Task.FromResult(200);

    /// <summary>Starts one on a free port.</summary>
    public static async Task<CallTarget> StartAsync()
    {
        var target = new CallTarget();
        await target._app.StartAsync();
        return target;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        Calls.Enqueue(path);
        var status = await Answer(path);
        if (status == 200 && _keys.TryAdd(http.Request.Headers["Idempotency-Key"].ToString(), 0))
            Effects.Enqueue(path);
        http.Response.StatusCode = status;
        await http.Response.WriteAsJsonAsync(new { path });
    }
}
