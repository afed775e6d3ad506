using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Placement;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Grains.Storage;
using OrleansJobGrid.Grains.Time;
using OrleansJobGrid.Grains.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <inheritdoc cref="IJobGrain"/>
/// <remarks>
/// Loads, asks <see cref="JobDecisions"/>, writes, calls. Safety does not rest on there being one activation: the store compares
/// version and operation id, and the loser of a race reads the truth and decides anew. After any other fault of the store the
/// activation goes, since what it knows may be wrong.
/// </remarks>
[PreferLocalPlacement, GrainType("jobgrid.job")]
internal sealed partial class JobGrain(
    StoreLanes lanes, HintSender hints, RecentSubmissions recent, BackoffReminders reminders, IArtefactStore artefacts, IOptions<JobGridOptions> options,
    RetryPolicies retries, WorkerDirectory workers, QueuePolicies queues, LongPolls polls, ILogger<JobGrain> logger) : Grain, IJobGrain, IRemindable
{
    private const int RaceLimit = 5;
    private const int FewOutputs = 100;

    private JobRecord? _record;
    private long _version;
    private Guid _operationId;
    private bool _loaded;

    private string JobId => this.GetPrimaryKeyString();

    public async Task<StartAnswer> TryStart(StartRequest request)
    {
        if (!_loaded && recent.Take(JobId) is var (submitted, writtenBy))
            (_record, _version, _operationId, _loaded) = (submitted, 1, writtenBy, true);
        var operationId = OperationIds.Next();
        var (record, refusal) = await Change(job => (job, JobDecisions.Grant(job, request, operationId, lanes.Clock.Now)));
        if (refusal is not null)
        {
            LeaveIfIdle();
            return new(null, refusal, SessionEnded: true);
        }

        if (record is null)
            return new(null, "there is no such job");
        if (_record is not { } granted || granted.LastGrant?.OperationId != operationId)
        {
            // It may have come too late to a job that runs.
            LeaveIfIdle(record);
            return new(null, $"the job is {record.Status.Name()}");
        }

        return new(GrantOf(granted), null);
    }

    public Task<ReportOutcome> Begin(GrantToken token) => Report(job => JobDecisions.Begin(job, token, lanes.Clock.Now));

    public Task<ReportOutcome> Checkpoint(GrantToken token, Orleans.Concurrency.Immutable<byte[]> state) =>
        Report(job => JobDecisions.Checkpoint(job, token, state.Value));

    public Task<ReportOutcome> Complete(GrantToken token, CompletionReport report) =>
        Report(job =>
        {
            var answer = JobDecisions.Complete(job, token, report, lanes.Clock.Now);
            // What no store takes would be reported again and again, and the work be done again and again.
            return report.Outputs.Count > FewOutputs && answer.Change?.After is { } after && JobRecordFormat.Write(after).Length > StoreLimits.RecordBytes
                ? JobDecisions.Fail(job, token, TooLarge(report), new(retries, 0.5), lanes.Clock.Now)
                : answer;
        });

    public async Task<ReportOutcome> Fail(GrantToken token, FailureReport report)
    {
        var terms = await TermsOf(report);
        return await Report(job => JobDecisions.Fail(job, token, report, terms, lanes.Clock.Now));
    }

    public Task<ReportOutcome> Stopped(GrantToken token, StopReason reason) =>
        Report(job => JobDecisions.Stopped(job, token, reason, Policy, lanes.Clock.Now));

    public async Task OnDue()
    {
        var before = await Load();
        var (after, _) = await Change(job => (job, JobDecisions.Due(job, Policy, lanes.Clock.Now)));
        if (before is null || after?.Status.IsGranted() != true)
            LeaveIfIdle();
    }

    private static FailureReport TooLarge(CompletionReport report) => new()
    {
        FailureClass = FailureClasses.Malformed,
        FailureType = "response_error",
        FailureReason = "result_too_large",
        Message = $"The result has {report.Outputs.Count} outputs, more than a record of {StoreLimits.RecordBytes >> 10} KB can name. Pack them into fewer files.",
        Stage = "fetch",
        DurationMs = report.DurationMs,
    };

    /// <summary>Answers a worker; the change, if any, is written first.</summary>
    private async Task<ReportOutcome> Report(Func<JobRecord, JobAnswer> decide)
    {
        var outcome = ReportOutcome.Gone;
        var (record, refusal) = await Change(job =>
        {
            (outcome, var change) = decide(job);
            return (job, change);
        });
        LeaveIfIdle(record);
        if (record is null)
            return ReportOutcome.Gone;
        return refusal is null ? outcome : ReportOutcome.Stale;
    }

    /// <summary>
    /// Loads, decides, writes; after a lost race once more from the truth.
    /// </summary>
    /// <returns>The record that the decision was made on (null: none), and why the store refused the change, if it did.</returns>
    private async Task<(JobRecord? Record, string? Refusal)> Change(Func<JobRecord, (JobRecord Job, JobChange? Change)> decide)
    {
        var asStored = false;
        for (var race = 0; race < RaceLimit; race++)
        {
            asStored |= !_loaded;
            if (await Load() is not { } record)
                return (null, null);
            if (decide(record).Change is not { } change)
            {
                if (asStored)
                    return (record, null);
                // Another activation may have moved the job meanwhile: only the store's word refuses anybody.
                _loaded = false;
                continue;
            }

            var result = await Write(change);
            switch (result.Outcome)
            {
                case OperationOutcome.Applied or OperationOutcome.AlreadyApplied:
                    return (record, null);
                case OperationOutcome.Conflict:
                    logger.LostRace(JobId);
                    Forget();
                    continue;
                case OperationOutcome.SessionEnded:
                    return (record, "the session has ended");
                case OperationOutcome.TooEarly:
                    return (record, "the store's clock has not reached it yet");
                default:
                    Forget();
                    throw new JobStoreException($"The store refused a change of job '{JobId}': {result.Reason}.");
            }
        }

        throw new JobStoreException($"Job '{JobId}' lost {RaceLimit} races in a row.");
    }

    private async Task<JobRecord?> Load()
    {
        if (_loaded)
            return _record;
        try
        {
            var stored = await lanes.Read(JobId);
            // A watcher's reading may be overtaken by a write of the turn it interleaves with.
            if (_loaded)
                return _record;
            _record = stored is null ? null : JobRecordFormat.Read(JobId, stored.Record);
            (_version, _operationId) = stored is null ? (0, default) : (stored.Version, stored.OperationId);
            // Absence is not remembered: a submission needs no activation, so a job may come into being beside this one.
            _loaded = stored is not null;
            if (stored is null)
                DeactivateOnIdle();
            return _record;
        }
        catch (Exception e)
        {
            logger.StoreFailed(JobId, e);
            Forget();
            throw;
        }
    }

    private async Task<OperationResult> Write(JobChange change)
    {
        var operation = change.ToOperation(JobId, _version, _operationId, OperationIds.Next());
        OperationResult result;
        try
        {
            result = await lanes.Write(operation);
        }
        catch (Exception e)
        {
            logger.StoreFailed(JobId, e);
            Forget();
            throw;
        }

        if (!result.Holds)
            return result;
        (_record, _version, _operationId) = (change.After, operation.ExpectedVersion + 1, operation.OperationId);
        _loaded = _record is not null;
        hints.Tell(change.Before, change.After, operation, result);
        hints.TellEnd(JobId, change);
        Seen();
        FollowUp(change);
        await Remind(change.Before!, change.After);
        if (_record is null && change.Before!.Epoch > 0)
            await DeleteFiles();
        if (_record is not { } now || !now.Status.IsGranted())
            LeaveIfIdle();
        return result;
    }

    private async Task DeleteFiles()
    {
        try
        {
            await artefacts.DeleteJobAsync(JobId, CancellationToken.None);
        }
        catch (IOException e)
        {
            // The record is gone and the job with it; what is left is room on a disk, which the operator can see.
            logger.FilesNotDeleted(JobId, e);
        }
    }

    private void Forget()
    {
        (_record, _loaded) = (null, false);
        // A watcher would hold the deactivation, and every call behind it, until its wait is over.
        Seen();
        DeactivateOnIdle();
    }

    /// <summary>A job that nobody runs or watches holds no activation.</summary>
    private void LeaveIfIdle()
    {
        if (_watchers == 0)
            DeactivateOnIdle();
    }
}
