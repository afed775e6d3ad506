using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Contracts.Sagas;

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

    public ISagaGrain Saga(string sagaId) => factory.GetGrain<ISagaGrain>(sagaId);

    public ISagaCatalogGrain Sagas() => factory.GetGrain<ISagaCatalogGrain>(0);

    public ISubscriptionCatalogGrain Subscriptions() => factory.GetGrain<ISubscriptionCatalogGrain>(0);

    public ISubscriptionGrain Subscription(string name) => factory.GetGrain<ISubscriptionGrain>(name);

    public IStateReconcilerGrain Reconciler() => factory.GetGrain<IStateReconcilerGrain>(0);

    public IGridOperationsGrain Operations() => _operations;
}
