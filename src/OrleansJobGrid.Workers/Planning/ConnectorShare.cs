using OrleansJobGrid.Connectors;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>A connector of services outside with those of its instances that one worker of the process uses.</summary>
internal sealed class ConnectorShare(IExternalConnector whole, IReadOnlyList<ServiceInstance> instances) : IExternalConnector, IModelHost
{
    public string Service => whole.Service;

    public WorkLocation Location => whole.Location;

    public TimeSpan DefaultAttemptTimeout => whole.DefaultAttemptTimeout;

    public TimeSpan? DefaultStallTimeout => whole.DefaultStallTimeout;

    public IReadOnlyCollection<string> Secrets => whole.Secrets;

    public TimeSpan SubmitTimeout => whole.SubmitTimeout;

    public IReadOnlyList<ServiceInstance> Instances { get; } = instances;

    public ServiceCapabilities Capabilities => whole.Capabilities;

    public Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken) => whole.ProveAsync(instance, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => whole.StartAsync(cancellationToken);

    public Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken) => whole.ExecuteAsync(context, cancellationToken);

    public Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken) =>
        whole.QueryAsync(instance, marks, cancellationToken);

    public Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken) => whole.CancelAsync(instance, mark, cancellationToken);

    public IReadOnlyList<string> LoadedModels(ModelPlace place) => (whole as IModelHost)?.LoadedModels(place) ?? [];

    public long ModelLoads(ModelPlace place) => (whole as IModelHost)?.ModelLoads(place) ?? 0;
}
