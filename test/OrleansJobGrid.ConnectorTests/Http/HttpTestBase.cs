using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Http;

/// <summary>A server on 127.0.0.1 that answers as a test says, and connectors that are configured for it.</summary>
public abstract class HttpTestBase : IAsyncLifetime
{
    private readonly List<HttpConnector> _connectors = [];
    private WebApplication? _app;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>By method and path.</summary>
    protected Dictionary<string, Func<HttpContext, Task>> Routes { get; } = [];

    /// <summary>Bodies of the requests with one, in order.</summary>
    protected ConcurrentQueue<JsonNode?> Bodies { get; } = new();

    /// <summary>Requests as method and path with query, in order.</summary>
    protected ConcurrentQueue<string> Requests { get; } = new();

    protected string Address { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(Answer);
        await _app.StartAsync();
        Address = _app.Urls.Single();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors)
            connector.Dispose();
        await VanishAsync();
    }

    protected async Task VanishAsync()
    {
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>A connector of the service <c>s</c> with the instance <c>s/a</c>.</summary>
    internal HttpConnector Connect(Action<HttpServiceOptions> configure, IHttpCallbacks? callbacks = null)
    {
        var options = new HttpServiceOptions { PollInterval = TimeSpan.FromMilliseconds(10), Outage = TimeSpan.FromMilliseconds(300), RequestTimeout = TimeSpan.FromSeconds(5) };
        options.Instances["a"] = Address;
        configure(options);
        return Kept(new("s", options, TimeProvider.System, callbacks));
    }

    /// <summary>A connector as a file of settings among the samples describes it, but for its address.</summary>
    internal HttpConnector Sample(string file, string service, string? secret = null)
    {
        var settings = new Dictionary<string, string?> { [$"JobGrid:Http:Services:{service}:Auth:Value"] = secret };
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "services", file))
            .AddInMemoryCollection(secret is null ? [] : settings)
            .Build();
        var options = configuration.GetSection("JobGrid:Http").Get<HttpOptions>()!.Services[service];
        foreach (var instance in options.Instances.Keys.ToList())
            options.Instances[instance] = Address;
        return Kept(new(service, options, TimeProvider.System));
    }

    internal static Task<ConnectorResult> RunAsync(HttpConnector connector, string payload, CancellationToken? cancellation = null) =>
        RunAsync(connector, Job(connector, payload), cancellation);

    internal static Task<ConnectorResult> RunAsync(HttpConnector connector, FakeJobContext job, CancellationToken? cancellation = null) =>
        connector.ExecuteAsync(job, cancellation ?? Cancellation);

    internal static FakeJobContext Job(HttpConnector connector, string payload) => new(payload) { UsableInstances = [.. connector.Instances.Select(i => i.Id)] };

    internal static async Task<FailedResult> FailAsync(HttpConnector connector, string payload) => Assert.IsType<FailedResult>(await RunAsync(connector, payload));

    protected static Func<HttpContext, Task> Says(string body, int status = 200, string type = "application/json") => http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        return http.Response.WriteAsync(body);
    };

    protected static async Task UntilAsync(Func<bool> holds, string phase)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(20))
                throw new TimeoutException($"It did not come about that {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    private HttpConnector Kept(HttpConnector connector)
    {
        _connectors.Add(connector);
        return connector;
    }

    private async Task Answer(HttpContext http)
    {
        Requests.Enqueue($"{http.Request.Method} {http.Request.Path.Value}{http.Request.QueryString}");
        if (http.Request.ContentLength > 0)
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            Bodies.Enqueue(JsonNode.Parse(await reader.ReadToEndAsync()));
        }

        if (Routes.TryGetValue($"{http.Request.Method} {http.Request.Path.Value}", out var route))
            await route(http);
        else
            http.Response.StatusCode = 404;
    }
}
