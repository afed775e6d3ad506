using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.UnitTests.Client;

/// <summary>A real server on a free port of the loopback that answers what a test tells it.</summary>
internal sealed class CannedGrid : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private readonly List<Received> _received = [];

    private CannedGrid(WebApplication app)
    {
        _app = app;
        Url = app.Urls.Single();
        _http = new HttpClient { BaseAddress = new Uri(Url) };
        Client = new JobGridClient(_http, new JobGridClientOptions { Retries = 2, BaseDelay = TimeSpan.FromMilliseconds(1) });
    }

    public string Url { get; }

    /// <summary>Tries twice again, at once.</summary>
    public JobGridClient Client { get; }

    public IReadOnlyList<Received> Requests
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    /// <summary>Starts a server; <paramref name="answer"/> gets each request with its number on that path, from 1.</summary>
    public static async Task<CannedGrid> StartAsync(Func<HttpContext, Received, int, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        CannedGrid? grid = null;
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var target = context.Request.Path.Value + context.Request.QueryString.Value;
            var received = new Received(context.Request.Method, target, body.ToArray(), context.Request.Headers["Idempotency-Key"], context.Request.ContentType);
            int number;
            lock (grid!._lock)
            {
                grid._received.Add(received);
                number = grid._received.Count(r => r.Method == received.Method && r.Target == received.Target);
            }

            await answer(context, received, number);
        });
        await app.StartAsync();
        grid = new CannedGrid(app);
        return grid;
    }

    public static Task<CannedGrid> StartAsync(string json, int status = 200, string contentType = "application/json") =>
        StartAsync((context, _, _) => AnswerAsync(context, json, status, contentType));

    public static Task AnswerAsync(HttpContext context, string body, int status = 200, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    /// <summary>A request as it came.</summary>
    public sealed record Received(string Method, string Target, byte[] Body, string? IdempotencyKey, string? ContentType)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Body);
    }
}
