using System.Collections.Concurrent;
using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.UnitTests.Workers;

/// <summary>A connector that keeps models, as the test says.</summary>
internal sealed class FakeModelConnector(Func<IJobContext, CancellationToken, Task<ConnectorResult>> execute) : IConnector, IModelHost
{
    public string Service => "fake";

    public WorkLocation Location => WorkLocation.InProcess;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(1);

    public IReadOnlyList<string> Models { get; set; } = [];

    public long Loads { get; set; }

    public ConcurrentQueue<string> Ran { get; } = [];

    public string? Gpu { get; private set; }

    public string? Worker { get; private set; }

    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        Ran.Enqueue(context.JobId);
        (Gpu, Worker) = (context.Gpu, context.Worker);
        return execute(context, cancellationToken);
    }

    public IReadOnlyList<string> LoadedModels(ModelPlace place) => Models;

    public long ModelLoads(ModelPlace place) => Loads;
}
