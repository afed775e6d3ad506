using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>
/// Claims and reports of the workers whose grains are on this silo. A worker in the same process comes here without a message, and what it says
/// waits in no activation's turn: with a thousand workers of one slot that is a quarter of a job's cost.
/// </summary>
internal sealed class WorkerDesk(IGrainFactory grains, ClaimLanes claims, HintSender hints, TimeProvider time, ILogger<WorkerDesk> logger) : IWorkerLink
{
    private readonly ConcurrentDictionary<string, WorkerGrants> _here = new(StringComparer.Ordinal);

    /// <summary>A worker's grain came up here; what it knows is read from the store anew.</summary>
    public WorkerGrants Open(string workerId) => _here[workerId] = new(time);

    /// <summary>It went: what its worker says from now on goes by message to where it is by then.</summary>
    public void Close(string workerId, WorkerGrants grants) => _here.TryRemove(new(workerId, grants));

    public Task<ClaimAnswer> Claim(string queue, ClaimRequest request) =>
        _here.TryGetValue(request.WorkerId, out var grants) ? Claim(grants, queue, request) : grains.Worker(request.WorkerId).Claim(queue, request);

    public Task<AttemptAnswers> Report(string workerId, IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim) =>
        _here.TryGetValue(workerId, out var grants)
            ? Report(grants, workerId, reports, claimQueue, claim)
            : grains.Worker(workerId).Report(reports, claimQueue, claim);

    public async Task<ClaimAnswer> Claim(WorkerGrants grants, string queue, ClaimRequest request)
    {
        List<JobGrant> granted = [];
        var deadline = time.GetTimestamp() + (long)(request.Wait.TotalSeconds * time.TimestampFrequency);
        var claim = request;
        while (true)
        {
            var reserved = await Reserve(queue, claim);
            if (reserved.Count == 0)
                return new(granted);
            var starts = await Task.WhenAll(reserved.Select(job => Start(grants, queue, job, request)));
            granted.AddRange(starts.Select(s => s.Grant).OfType<JobGrant>());
            if (starts.FirstOrDefault(s => s.Fault is not null).Fault is { } fault)
            {
                // It may have been written all the same, which the store shows; what was granted beside it must reach the worker.
                grants.IsUnsure = true;
                if (granted.Count == 0)
                    ExceptionDispatchInfo.Throw(fault);
                return new(granted);
            }

            // Fewer than asked for: the queue has no more. A job that was not to be had is made up for by the next one.
            if (granted.Count == request.Max || (granted.Count > 0 && reserved.Count < claim.Max) || starts.Any(s => s.SessionEnded))
                return new(granted);
            var rest = granted.Count > 0 ? TimeSpan.Zero : time.GetElapsedTime(time.GetTimestamp(), deadline);
            claim = request with { Max = request.Max - granted.Count, Wait = rest > TimeSpan.Zero ? rest : TimeSpan.Zero };
        }
    }

    public async Task<AttemptAnswers> Report(
        WorkerGrants grants, string workerId, IReadOnlyList<AttemptReport> reports, string? claimQueue, ClaimRequest? claim)
    {
        // Beside each other: what is written then travels together, and a slot whose job has ended is free whether that is written yet or not.
        var answers = Task.WhenAll(reports.Select(report => Report(grants, workerId, report)));
        var claimed = claimQueue is null || claim is null ? ClaimAnswer.None : await ClaimBeside(grants, claimQueue, claim);
        return new(await answers, claimed.Grants);
    }

    private async Task<AttemptAnswer> Report(WorkerGrants grants, string workerId, AttemptReport report)
    {
        var job = grains.Job(report.JobId);
        try
        {
            var outcome = report switch
            {
                { Completion: { } completion } => await job.Complete(report.Token, completion),
                { Failure: { } failure } => await job.Fail(report.Token, failure),
                { Stop: { } reason } => await job.Stopped(report.Token, reason),
                _ => throw new ArgumentException("A report needs a completion, a failure or a stop.", nameof(report)),
            };
            grants.Drop(report.JobId, report.Token);
            return new(outcome);
        }
        catch (Exception e)
        {
            // Those beside it stand; the worker sends this one again.
            logger.NotReported(workerId, report.JobId, e);
            return new(ReportOutcome.Gone, $"{e.GetType().Name}: {e.Message}");
        }
    }

    /// <summary>The queue knows the capabilities by their key, after a first time.</summary>
    private async Task<IReadOnlyList<ReservedJob>> Reserve(string queue, ClaimRequest claim)
    {
        var reserved = await claims.Reserve(queue, claim with { Capabilities = null });
        if (reserved.NeedsCapabilities)
            reserved = await claims.Reserve(queue, claim);
        return reserved.Jobs;
    }

    /// <summary>Starts a job, on this silo and so beside where its reports come from, and tells its queue what became of it.</summary>
    private async Task<(JobGrant? Grant, bool SessionEnded, Exception? Fault)> Start(WorkerGrants grants, string queue, ReservedJob job, ClaimRequest request)
    {
        try
        {
            var answer = await grains.Job(job.JobId).TryStart(new(request.WorkerId, request.SessionId));
            if (answer.Grant is not { } grant)
            {
                hints.Settle(queue, new(job.JobId, job.Reservation, answer.SessionEnded ? StartOutcome.Again : StartOutcome.Gone));
                return (null, answer.SessionEnded, null);
            }

            hints.Settle(queue, new(job.JobId, job.Reservation, StartOutcome.Granted, grant.Token.Epoch));
            grants.Set(grant.JobId, grant.Token);
            return (job.EnvelopeMb is { } needed ? grant with { EnvelopeMb = needed } : grant, false, null);
        }
        catch (Exception e)
        {
            logger.StartFailed(request.WorkerId, job.JobId, queue, e);
            hints.Settle(queue, new(job.JobId, job.Reservation, e is StoreUnavailableException ? StartOutcome.Again : StartOutcome.Faulted));
            return (null, false, e);
        }
    }

    /// <summary>The report stands whatever becomes of the claim, whose fault comes again with the worker's next one.</summary>
    private async Task<ClaimAnswer> ClaimBeside(WorkerGrants grants, string queue, ClaimRequest claim)
    {
        try
        {
            return await Claim(grants, queue, claim);
        }
        catch (Exception e)
        {
            logger.ClaimBesideReportFailed(claim.WorkerId, queue, e);
            return ClaimAnswer.None;
        }
    }
}
