using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Matching;
using OrleansJobGrid.Grains.Queues;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>A job as workers see it that may take it.</summary>
/// <param name="Need">What it needs.</param>
/// <param name="Customer">Whose it is; empty: nobody's.</param>
/// <param name="Queue">Where it waits.</param>
/// <param name="Labels">What that queue asks of workers.</param>
public sealed record WaitingJob(JobNeed Need, string Customer, string Queue, IReadOnlyList<string> Labels)
{
    internal static WaitingJob Of(JobRecord job, QueuePolicies policies) =>
        new(JobNeed.Of(Signature.Of(job)), job.CustomerId ?? "", job.Queue, policies.LabelsOf(job.Queue));
}
