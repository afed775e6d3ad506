using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;

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

    /// <summary>Workers, queues, health.</summary>
    IGridOperationsGrain Operations();
}
