using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;

namespace OrleansJobGrid.Contracts.Workers;

/// <summary>A worker's way to its grain for what it says with every job: without a message where the grain is in the same process.</summary>
public interface IWorkerLink
{
    /// <summary>See <see cref="IWorkerGrain.Claim"/>; the request names the worker.</summary>
    Task<ClaimAnswer> Claim(string queue, ClaimRequest request);

    /// <summary>See <see cref="IWorkerGrain.Report"/>.</summary>
    Task<AttemptAnswers> Report(string workerId, IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim);
}
