using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Sends everything to the worker's grain, wherever that is.</summary>
internal sealed class RemoteLink(IGrainFactory grains) : IWorkerLink
{
    public Task<ClaimAnswer> Claim(string queue, ClaimRequest request) => grains.Worker(request.WorkerId).Claim(queue, request);

    public Task<AttemptAnswers> Report(string workerId, IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim) =>
        grains.Worker(workerId).Report(reports, claimQueue, claim);
}
