using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Contracts.Sagas;

namespace OrleansJobGrid.Gateway.Grains;

/// <summary>The grains that the edge calls; the seam between HTTP and the cluster.</summary>
public interface IGridGrains
{
    /// <summary>Takes submissions in.</summary>
    IJobIngressGrain Ingress();

    /// <summary>Reads jobs without activating them.</summary>
    IJobQueryGrain Query();

    /// <summary>One job.</summary>
    IJobGrain Job(string jobId);

    /// <summary>One saga.</summary>
    ISagaGrain Saga(string sagaId);

    /// <summary>Lists of sagas, and definitions.</summary>
    ISagaCatalogGrain Sagas();

    /// <summary>All subscriptions to events.</summary>
    ISubscriptionCatalogGrain Subscriptions();

    /// <summary>One subscription.</summary>
    ISubscriptionGrain Subscription(string name);

    /// <summary>Compares what other systems keep.</summary>
    IStateReconcilerGrain Reconciler();

    /// <summary>Workers, queues, health.</summary>
    IGridOperationsGrain Operations();
}
