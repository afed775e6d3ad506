using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.TestKit.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Rest;

/// <summary>Two instances of a service, and a connector that reaches both.</summary>
public abstract class RestTestBase : IAsyncLifetime
{
    private RestConnector? _connector;

    internal RestService A { get; private set; } = null!;

    internal RestService B { get; private set; } = null!;

    internal RestServiceOptions Options { get; } = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(10),
        RequestTimeout = TimeSpan.FromSeconds(10),
        Outage = TimeSpan.FromMilliseconds(300),
    };

    internal RestConnector Connector => _connector ??= Connect();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (A, B) = (await RestService.StartAsync(), await RestService.StartAsync());

    public async ValueTask DisposeAsync()
    {
        _connector?.Dispose();
        await A.DisposeAsync();
        await B.DisposeAsync();
    }

    protected static FakeJobContext Job(string payload = "{}") => new(payload) { UsableInstances = ["draw/a"] };

    protected Task<ConnectorResult> RunAsync(FakeJobContext job, CancellationToken? cancellation = null) =>
        Connector.ExecuteAsync(job, cancellation ?? Cancellation);

    protected async Task<FailedResult> FailAsync(FakeJobContext job) => Assert.IsType<FailedResult>(await RunAsync(job));

    /// <summary>Polls until it holds; a deadline names what did not come.</summary>
    protected static async Task UntilAsync(Func<bool> holds, string phase)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"Within 30 s did not come: {phase}.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }

    private RestConnector Connect()
    {
        Options.Instances["a"] = A.Address;
        Options.Instances["b"] = B.Address + "/";
        Options.OnThisMachine.Add("b");
        return new("draw", Options, TimeProvider.System);
    }
}
