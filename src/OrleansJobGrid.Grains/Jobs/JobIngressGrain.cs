using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Dashboard;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <inheritdoc cref="IJobIngressGrain"/>
/// <remarks>
/// A submission is a compare-and-set on the absence of a record. It needs no activation of the job: there is nothing to know before
/// it, and a queued job holds none afterwards.
/// </remarks>
[StatelessWorker, NoProfiling, GrainType("jobgrid.ingress")]
internal sealed class JobIngressGrain(
    StoreLanes lanes, HintSender hints, RecentSubmissions recent, WorkerDirectory workers, IOptions<JobGridOptions> options, ILogger<JobIngressGrain> logger) : Grain, IJobIngressGrain
{
    public async Task<IReadOnlyList<SubmitResult>> Submit(Immutable<IReadOnlyList<JobSubmission>> submissions)
    {
        var jobs = submissions.Value;
        if (jobs.Count == 0)
            return [];
        SequenceBlock block;
        try
        {
            block = await lanes.TakeSequence(jobs.Count);
        }
        catch (StoreUnavailableException e)
        {
            logger.SubmissionUnknown(jobs.Count, jobs[0].Id, e);
            return [.. jobs.Select(j => new SubmitResult(j.Id, SubmitOutcome.Unknown, e.Message))];
        }

        var services = await Services();
        return await Task.WhenAll(jobs.Select((job, i) => Submit(job, block.First + i, block.Clock, services)));
    }

    private async Task<SubmitResult> Submit(JobSubmission job, long sequence, long clock, IReadOnlySet<string>? services)
    {
        var timeout = options.Value.AttemptTimeouts.GetValueOrDefault(job.Service, options.Value.AttemptTimeout);
        var change = JobDecisions.Create(job, sequence, clock, (long)timeout.TotalMilliseconds);
        var operation = change.ToOperation(job.Id, 0, default, OperationIds.Next());
        try
        {
            var result = await lanes.Write(operation);
            if (result.Holds)
            {
                // Before the hint: the grant may come at once.
                recent.Add(job.Id, change.After!, operation.OperationId);
                hints.Tell(null, change.After, operation, result);
                return new(job.Id, SubmitOutcome.Created, null, services is null || services.Contains(job.Service) ? null : WorkerDirectory.Unworkable(job.Service));
            }

            return result.Outcome == OperationOutcome.Conflict
                ? await Compare(job)
                : new(job.Id, SubmitOutcome.Refused, result.Reason ?? result.Outcome.ToString());
        }
        catch (StoreUnavailableException e)
        {
            logger.SubmissionUnknown(1, job.Id, e);
            return new(job.Id, SubmitOutcome.Unknown, e.Message);
        }
        catch (JobStoreException e)
        {
            return new(job.Id, SubmitOutcome.Refused, e.Message);
        }
    }

    /// <summary>For a warning only: where the workers cannot be read, the submission goes on without one.</summary>
    private async Task<IReadOnlySet<string>?> Services()
    {
        try
        {
            return await workers.Services();
        }
        catch (StoreUnavailableException e)
        {
            logger.WorkersUnknown(e);
            return null;
        }
    }

    /// <summary>The id is taken: by the same body, which is then the same submission, or by another.</summary>
    private async Task<SubmitResult> Compare(JobSubmission job)
    {
        if (await lanes.Read(job.Id) is not { } stored)
            return new(job.Id, SubmitOutcome.Unknown, "The job with this id was deleted at this moment.");
        return JobRecordFormat.Read(job.Id, stored.Record).BodyHash == job.BodyHash
            ? new(job.Id, SubmitOutcome.Replayed)
            : new(job.Id, SubmitOutcome.Conflict, $"A job '{job.Id}' with another body exists.");
    }
}
