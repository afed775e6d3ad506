using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.TestKit.Connectors;
using OrleansJobGrid.TestService.ComfyUi;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>A server of a version, and a connector that reaches it as <c>comfyui/a</c>.</summary>
public abstract class ComfyTestBase : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-comfyui-").FullName;
    private ComfyUiConnector? _connector;

    /// <summary>All versions.</summary>
    public static TheoryData<string> Editions => [.. ComfyEdition.All.Select(e => e.Name)];

    internal ComfyServer Server { get; private set; } = null!;

    internal ComfyUiOptions Options { get; } = new()
    {
        PollInterval = TimeSpan.FromMilliseconds(20),
        RequestTimeout = TimeSpan.FromSeconds(5),
        Outage = TimeSpan.FromMilliseconds(300),
    };

    internal ComfyUiConnector Connector => _connector ??= Connect();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _connector?.Dispose();
        if (Server is not null)
            await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal async Task<ComfyServer> ServeAsync(string edition) =>
        Server = await ComfyServer.StartAsync(ComfyEdition.All.Single(e => e.Name == edition), _folder);

    /// <summary>A connector of another worker.</summary>
    internal ComfyUiConnector Connect()
    {
        Options.Instances["a"] = Server.Url.ToString();
        return new(Options, TimeProvider.System);
    }

    protected static FakeJobContext Job(JsonObject workflow, FakeJobFiles? files = null, string id = "job-1", params (string Name, string Artefact)[] inputs) =>
        new(Workflows.Payload(workflow, inputs), files, id) { UsableInstances = ["comfyui/a"] };

    protected Task<ConnectorResult> RunAsync(FakeJobContext job, CancellationToken? cancellation = null) =>
        Connector.ExecuteAsync(job, cancellation ?? Cancellation);

    protected async Task<CompletedResult> CompleteAsync(FakeJobContext job)
    {
        var result = await RunAsync(job);
        return result as CompletedResult ?? throw new InvalidOperationException(result.ToString());
    }

    protected async Task<FailedResult> FailAsync(FakeJobContext job)
    {
        var result = await RunAsync(job);
        return result as FailedResult ?? throw new InvalidOperationException(result.ToString());
    }

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
