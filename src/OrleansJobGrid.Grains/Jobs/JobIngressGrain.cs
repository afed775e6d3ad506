using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Artefacts;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <inheritdoc cref="IJobIngressGrain"/>
/// <remarks>
/// A submission is a compare-and-set on the absence of a record. It needs no activation of the job: there is nothing to know before
/// it, and a queued job holds none afterwards. Nothing is kept between calls, so that they interleave: what waits for the store side by
/// side is written together.
/// </remarks>
[StatelessWorker, Reentrant, GrainType("jobgrid.ingress")]
internal sealed class JobIngressGrain(
    StoreLanes lanes, HintSender hints, RecentSubmissions recent, WorkerDirectory workers, WorkflowPlaces workflows, QueuePolicies policies, QueuePauses pauses,
    UploadUse uploads, IOptions<JobGridOptions> options, ILogger<JobIngressGrain> logger) : Grain, IJobIngressGrain
{
    public async Task<IReadOnlyList<SubmitResult>> Submit(Immutable<IReadOnlyList<JobSubmission>> submissions)
    {
        var jobs = submissions.Value;
        if (jobs.Count == 0)
            return [];
        SequenceBlock block;
        Dictionary<(string Queue, string Customer), long> room;
        try
        {
            block = await lanes.TakeSequence(jobs.Count);
            jobs = await workflows.Fill(jobs, block.Clock);
            room = await Room(jobs);
        }
        catch (StoreUnavailableException e)
        {
            logger.SubmissionUnknown(jobs.Count, jobs[0].Id, e);
            return [.. jobs.Select(j => new SubmitResult(j.Id, SubmitOutcome.Unknown, e.Message))];
        }

        var known = await Known();
        return await Task.WhenAll(jobs.Select((job, i) => HasRoom(job, room) ? Submit(job, block.First + i, block.Clock, known) : OverLimit(job)));
    }

    /// <summary>How many jobs more each customer of these jobs may have waiting, of those with a limit.</summary>
    private async Task<Dictionary<(string Queue, string Customer), long>> Room(IReadOnlyList<JobSubmission> jobs)
    {
        var room = new Dictionary<(string Queue, string Customer), long>();
        foreach (var job in jobs)
        {
            if (job.CustomerId is not { } customer || policies.TermsOf(customer).MaxQueued is not { } most || room.ContainsKey((job.Queue, customer)))
                continue;
            room.Add((job.Queue, customer), most - await GrainFactory.Queue(job.Queue).Queued(customer));
        }

        return room;
    }

    private static bool HasRoom(JobSubmission job, Dictionary<(string Queue, string Customer), long> room) =>
        job.CustomerId is not { } customer || !room.TryGetValue((job.Queue, customer), out var left) || (room[(job.Queue, customer)] = left - 1) >= 0;

    /// <summary>A job that stands already is replayed all the same.</summary>
    private async Task<SubmitResult> OverLimit(JobSubmission job)
    {
        if (await lanes.Read(job.Id) is not null)
            return await Compare(job);
        var most = policies.TermsOf(job.CustomerId).MaxQueued;
        return new(job.Id, SubmitOutcome.OverLimit, $"has {most} jobs waiting in queue '{job.Queue}', its limit (MaxQueued): submit again when some have ended");
    }

    private async Task<SubmitResult> Submit(JobSubmission job, long sequence, long clock, GridKnown? known)
    {
        job = job with { Priority = PriorityPolicy.Of(job, policies.TermsOf(job.CustomerId).Tier, options.Value.PriorityPolicy, clock) };
        var timeout = options.Value.AttemptTimeouts.GetValueOrDefault(job.Service, options.Value.AttemptTimeout);
        try
        {
            var (checkpoint, nothing) = await Resumes(job);
            // A replay needs nothing of the job that it went on from, which may be deleted by now.
            if (nothing is not null)
                return await lanes.Read(job.Id) is null ? new(job.Id, SubmitOutcome.NothingToResume, nothing) : await Compare(job);
            var change = JobDecisions.Create(job, sequence, clock, (long)timeout.TotalMilliseconds, options.Value.Keep, checkpoint);
            var operation = change.ToOperation(job.Id, 0, default, OperationIds.Next());
            await uploads.Mark(job.Payload);
            var result = await lanes.Write(operation);
            if (result.Holds)
            {
                // Before the hint: the grant may come at once.
                recent.Add(job.Id, change.After!, operation.OperationId);
                hints.Tell(null, change.After, operation, result);
                return new(job.Id, SubmitOutcome.Created, null, known is null ? null : Warning(change.After!, known));
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
        catch (IOException e)
        {
            logger.UploadsNotMarked(job.Id, e);
            return new(job.Id, SubmitOutcome.Unknown, $"The uploads that it names could not be marked as in use, so nothing was written: {e.Message}");
        }
    }

    /// <summary>The checkpoint that a job begins with, or why there is none.</summary>
    private async Task<(byte[]? Checkpoint, string? Nothing)> Resumes(JobSubmission job)
    {
        if (job.ResumeJobId is not { } former)
            return (null, null);
        if (await lanes.Read(former) is not { } stored)
            return (null, $"names '{former}', and there is no such job: it was never submitted, or its record was deleted");
        var record = JobRecordFormat.Read(former, stored.Record);
        return record.Service != job.Service ? (null, $"names '{former}', which is of service '{record.Service}': a checkpoint is good for its own service alone")
            : record.Checkpoint is null ? (null, $"names '{former}', which is {record.Status.Name()} and has no checkpoint: leave it out, and the job begins at the beginning")
            : (record.Checkpoint, null);
    }

    /// <summary>For a warning only: where it cannot be read, the submission goes on without one.</summary>
    private async Task<GridKnown?> Known()
    {
        try
        {
            return new(await workers.All(), await pauses.Known());
        }
        catch (StoreUnavailableException e)
        {
            logger.WorkersUnknown(e);
            return null;
        }
    }

    /// <summary>What may keep it from starting.</summary>
    private string? Warning(JobRecord job, GridKnown known)
    {
        var unworkable = WorkerDirectory.Unworkable(known.Workers, WaitingJob.Of(job, policies));
        return known.Pauses.TryGetValue(job.Queue, out var pause) ? $"{QueuePauses.Words(job.Queue, pause)}.{(unworkable is null ? "" : " " + unworkable)}" : unworkable;
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

    private sealed record GridKnown(IReadOnlyList<KnownWorker> Workers, IReadOnlyDictionary<string, QueuePause> Pauses);
}
