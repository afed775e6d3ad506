using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Grains.Workers;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Work outside, the loss of an owner, and what follows a write elsewhere.</summary>
internal sealed partial class JobGrain
{
    private RecoveryPolicy? _policy;

    private RecoveryPolicy Policy => _policy ??= options.Value.Recovery.ToPolicy();

    public Task<ReportOutcome> Submit(GrantToken token, ServiceSubmission submission)
    {
        var mark = ExternalIds.Of(JobId, token.Epoch, submission.N);
        if (submission.ExternalId != mark || submission.Epoch != token.Epoch)
            throw new ArgumentException($"Post {submission.N} of epoch {token.Epoch} has the mark {mark}, not {submission.ExternalId} of epoch {submission.Epoch}.", nameof(submission));
        return Report(job => JobDecisions.Submit(job, token, submission, lanes.Clock.Now));
    }

    public Task<ReportOutcome> Named(GrantToken token, string externalId, string serviceId) =>
        Report(job => JobDecisions.Named(job, token, externalId, serviceId, lanes.Clock.Now));

    public Task<ReportOutcome> Attach(GrantToken token, string externalId) =>
        Report(job => JobDecisions.Attach(job, token, externalId, lanes.Clock.Now));

    public async Task<Directive> DirectiveFor(GrantToken token)
    {
        if (await Load() is { } remembered && JobDecisions.DirectiveFor(remembered, token) != Directive.Hold)
            _loaded = false;
        var directive = await Load() is { } job ? JobDecisions.DirectiveFor(job, token) : Directive.CancelYours;
        LeaveIfIdle(_record);
        return directive;
    }

    public async Task SessionEnded(SessionEnd end) =>
        await Change(job => (job, JobDecisions.SessionEnded(job, end, Policy, lanes.Clock.Now)));

    public async Task Judge(Verdict verdict)
    {
        var terms = verdict.Failure is { } failure ? await TermsOf(failure) : new(retries, Jitter.Draw());
        var operationId = OperationIds.Next();
        var (record, refusal) = await Change(job => (job, JobDecisions.Judge(job, _version, verdict, operationId, Policy, terms, lanes.Clock.Now)));
        // The adopter's session ended meanwhile: the next question finds another one.
        if (refusal is not null)
            logger.AdopterGone(JobId, verdict.Adopter?.WorkerId ?? "", refusal);
        LeaveIfIdle(record);
    }

    /// <summary>
    /// Tells others what a write means for them. Each of these words may be lost: orders come again with heartbeats, questions with the
    /// wheel, and an adoption that does not arrive is taken back as unconfirmed.
    /// </summary>
    private void FollowUp(JobChange change)
    {
        if (change is not { Before: { } before, After: { } after })
            return;
        if (after is { SagaId: { } saga } && after.Status.IsFinal() && !before.Status.IsFinal())
            GrainFactory.GetGrain<ISagaGrain>(saga).WorkEnded(JobId).Ignore();
        if (after.Status == JobStatus.Reconciling && JobDecisions.Open(after).FirstOrDefault() is { } open
            && (before.Inquiry?.Asks != after.Inquiry!.Asks || before.StopRequested != after.StopRequested || open.ExternalId != JobDecisions.Open(before).FirstOrDefault()?.ExternalId))
        {
            Ask(open, cancel: after.StopRequested);
        }

        if (after.StaleChecks > before.StaleChecks)
        {
            foreach (var overdue in JobDecisions.Overdue(after))
                Ask(overdue, cancel: overdue.Told && after.Status is not (JobStatus.Pending or JobStatus.Retrying or JobStatus.Paused));
        }

        if (after.Status == JobStatus.InProgress && after.Adopted is not null && after.Epoch > before.Epoch)
            GrainFactory.Worker(after.LastGrant!.WorkerId).Adopt(after.LastGrant.SessionId, GrantOf(after)).Ignore();
        if (before.Status.IsGranted() && after.Status is JobStatus.Timeout or JobStatus.Cancelled)
            Stop(before, after.Status == JobStatus.Timeout ? "the job timed out" : "the job was cancelled");
        if (before.Status.IsGranted() && after.Status.IsGranted() && after.StopRequested && !before.StopRequested)
            Stop(after, "the job was asked to stop");
        // Nobody waits for the answer: the job is final, and the work only costs.
        if (before.Status == JobStatus.Reconciling && after.Status.IsFinal() && after.Status != JobStatus.Completed)
        {
            foreach (var left in JobDecisions.Open(before))
                Ask(left, cancel: true);
        }

        if (change.Events.Any(e => e.Type is JobEventTypes.StaleSubmit or JobEventTypes.StopRepeated))
        {
            foreach (var late in JobDecisions.Overdue(after).Where(s => s.Told))
                Ask(late, cancel: after.Status.IsGranted() || after.Status.IsFinal());
        }
    }

    private async Task<RetryTerms> TermsOf(FailureReport failure)
    {
        bool? elsewhere = null;
        if (await Load() is { } job && RetryExclusion.Of(job, failure) is { } exclude)
            elsewhere = await workers.AnyServes(WaitingJob.Of(JobDecisions.Excluding(job, exclude, lanes.Clock.Now), queues));
        return new(retries, Jitter.Draw(), elsewhere);
    }

    private void Ask(ServiceSubmission submission, bool cancel) =>
        GrainFactory.GetGrain<IServiceInstanceGrain>(submission.Instance)
            .Ask([new(JobId, _version, submission.ExternalId, submission.Node, cancel, submission.ServiceId)])
            .Ignore();

    private void Stop(JobRecord granted, string reason) =>
        GrainFactory.Worker(granted.LastGrant!.WorkerId)
            .Stop(granted.LastGrant.SessionId, new(JobId, granted.Token, reason))
            .Ignore();

    private JobGrant GrantOf(JobRecord granted) => new()
    {
        JobId = JobId,
        Token = granted.Token,
        Attempt = granted.Attempt,
        Service = granted.Service,
        Payload = granted.Payload.Utf8.ToArray(),
        Checkpoint = granted.Checkpoint,
        AttemptTimeoutMs = granted.AttemptTimeoutMs,
        StallTimeoutMs = granted.StallTimeoutMs,
        Submissions = granted.Submissions ?? [],
        Adopts = granted.Adopted,
        CustomerId = granted.CustomerId ?? "",
        ExcludedInstances = granted.Exclusions is null ? [] : [.. granted.Exclusions
            .Where(e => e.Target.StartsWith(Exclusion.InstancePrefix, StringComparison.Ordinal))
            .Select(e => e.Target[Exclusion.InstancePrefix.Length..])],
    };

    private void LeaveIfIdle(JobRecord? seen)
    {
        if (seen is null || _record is not { } now || !now.Status.IsGranted())
            LeaveIfIdle();
    }
}
