using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;

namespace OrleansJobGrid.Gateway.Grains;

/// <summary>
/// The grains of the cluster. The ones with an integer key are stateless workers: one key is as good as another, since each
/// silo spreads its calls over activations of its own.
/// </summary>
internal sealed class ClusterGridGrains(IGrainFactory factory) : IGridGrains
{
    private readonly IJobIngressGrain _ingress = factory.GetGrain<IJobIngressGrain>(0);
    private readonly IJobQueryGrain _query = factory.GetGrain<IJobQueryGrain>(0);
    private readonly IGridOperationsGrain _operations = factory.GetGrain<IGridOperationsGrain>(0);

    public IJobIngressGrain Ingress() => _ingress;

    public IJobQueryGrain Query() => _query;

    public IJobGrain Job(string jobId) => factory.Job(jobId);

    public IGridOperationsGrain Operations() => _operations;
}
