using Microsoft.Extensions.Configuration;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.WebSockets;

/// <summary>A service on 127.0.0.1 that speaks as a test says, and connectors that are configured for it.</summary>
public abstract class WebSocketTestBase : IAsyncLifetime
{
    private readonly List<WebSocketConnector> _connectors = [];

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected SocketService Service { get; } = new();

    public async ValueTask InitializeAsync() => await Service.ListenAsync();

    public async ValueTask DisposeAsync()
    {
        Service.Release();
        foreach (var connector in _connectors)
            connector.Dispose();
        await Service.DisposeAsync();
    }

    /// <summary>Settings for the service, with short times.</summary>
    internal static WebSocketServiceOptions Settings(string address)
    {
        var options = new WebSocketServiceOptions
        {
            Path = "jobs",
            QuestionPath = "ask",
            Submit = """{"type": "submit", "job": "{{mark}}", "kind": "{{payload.kind}}"}""",
            Job = "$.job",
            Progress = "$.progress",
            Message = "$.note",
            Result = "$.result",
            PollInterval = TimeSpan.FromMilliseconds(10),
            RequestTimeout = TimeSpan.FromSeconds(5),
            Outage = TimeSpan.FromMilliseconds(300),
        };
        options.Instances["a"] = address;
        options.Types.Accepted.Add("accepted");
        return options;
    }

    /// <summary>A connector of the service <c>s</c> with the instance <c>s/a</c>.</summary>
    internal WebSocketConnector Connect(Action<WebSocketServiceOptions>? configure = null)
    {
        var options = Settings(Service.Address);
        configure?.Invoke(options);
        var connector = new WebSocketConnector("s", options, TimeProvider.System);
        _connectors.Add(connector);
        return connector;
    }

    /// <summary>A connector as a file of settings among the samples describes it, but for its address.</summary>
    internal WebSocketConnector Sample(string file, string service, string secret)
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "services", file))
            .AddInMemoryCollection(new Dictionary<string, string?> { [$"JobGrid:WebSocket:Services:{service}:Handshake:Secret"] = secret })
            .Build();
        var options = configuration.GetSection("JobGrid:WebSocket").Get<WebSocketOptions>()!.Services[service];
        foreach (var instance in options.Instances.Keys.ToList())
            options.Instances[instance] = Service.Address;
        var connector = new WebSocketConnector(service, options, TimeProvider.System);
        _connectors.Add(connector);
        return connector;
    }

    /// <summary>As <see cref="Connect"/>, of a service that can be asked and stopped.</summary>
    internal WebSocketConnector ConnectAskable(Action<WebSocketServiceOptions>? configure = null) => Connect(o =>
    {
        o.Query = """{"type": "query", "job": "{{mark}}"}""";
        o.Cancel = """{"type": "cancel", "job": "{{mark}}"}""";
        configure?.Invoke(o);
    });

    internal static FakeJobContext Job(string kind = "plain") => new($$"""{"kind": "{{kind}}"}""") { UsableInstances = ["s/a"] };

    internal static Task<ConnectorResult> RunAsync(WebSocketConnector connector, FakeJobContext? job = null, CancellationToken? cancellation = null) =>
        connector.ExecuteAsync(job ?? Job(), cancellation ?? Cancellation);

    internal static async Task<FailedResult> FailAsync(WebSocketConnector connector, FakeJobContext? job = null) => Assert.IsType<FailedResult>(await RunAsync(connector, job));

    internal static async Task<CompletedResult> CompleteAsync(WebSocketConnector connector, FakeJobContext? job = null) =>
        Assert.IsType<CompletedResult>(await RunAsync(connector, job));

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
}
