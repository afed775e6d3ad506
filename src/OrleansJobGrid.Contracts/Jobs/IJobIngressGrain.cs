using Orleans.Concurrency;

namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>Takes submissions in: one durable write a job, batched with whatever arrives at the same moment.</summary>
[Alias("jobgrid.IJobIngressGrain"), GrainInterfaceType("jobgrid.ingress")]
public interface IJobIngressGrain : IGrainWithIntegerKey
{
    /// <summary>Submits jobs in this order, at most 1,000 a call; one result each, acknowledged after the write.</summary>
    [Alias("Submit")] Task<IReadOnlyList<SubmitResult>> Submit(Immutable<IReadOnlyList<JobSubmission>> submissions);
}
