using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>
/// Hands submissions to the grid. A call that ends without an answer leaves open whether it wrote, so each of its jobs is answered as
/// <see cref="SubmitOutcome.Unknown"/> with the id that was fixed before: sent again, it cannot double.
/// </summary>
internal sealed class JobIntake(IGridGrains grains, ILogger<JobIntake> logger)
{
    /// <summary>Submits in this order, at most <see cref="JobSubmissionLimits.JobsPerCall"/>; one result each.</summary>
    public async Task<IReadOnlyList<SubmitResult>> SubmitAsync(IReadOnlyList<JobSubmission> jobs)
    {
        IReadOnlyList<SubmitResult> results;
        try
        {
            results = await grains.Ingress().Submit(new Immutable<IReadOnlyList<JobSubmission>>(jobs));
        }
        catch (Exception e) when (FaultBoundary.IsUnavailable(e))
        {
            Log.SubmissionUnknown(logger, e, jobs.Count, jobs[0].Id);
            var message = FaultBoundary.Describe(e);
            return [.. jobs.Select(j => new SubmitResult(j.Id, SubmitOutcome.Unknown, message))];
        }

        return results.Count == jobs.Count
            ? results
            : throw new InvalidOperationException($"The ingress answered {results.Count} results to {jobs.Count} submissions.");
    }

    /// <summary>Why a job was not taken, for a person; null: it was.</summary>
    public static string? Refusal(SubmitResult result) => result.Outcome switch
    {
        SubmitOutcome.Created or SubmitOutcome.Replayed => null,
        SubmitOutcome.Conflict =>
            $"another job stands under the id '{result.JobId}': its body differs from this one; send it with another id or Idempotency-Key"
            + (result.Message is null ? "" : $" ({result.Message})"),
        SubmitOutcome.NothingToResume => $"resume_job_id {result.Message}",
        SubmitOutcome.OverLimit => $"customer_id {result.Message}",
        SubmitOutcome.Unknown =>
            $"whether the job was written is unknown, since {result.Message ?? "the store did not answer in time"}; send the same request again with the id '{result.JobId}', it cannot double",
        _ => result.Message ?? "the store refused the job and gave no reason; GET /api/health may say why",
    };
}
