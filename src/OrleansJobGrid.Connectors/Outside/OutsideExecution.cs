using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>One attempt of a job: finds or posts its work, watches it, and stops it where it is to end.</summary>
/// <param name="service">The service with the instances that this worker reaches.</param>
/// <param name="context">The attempt.</param>
/// <param name="outage">How long questions may fail before the rest is left to the grid.</param>
/// <param name="time">The clock.</param>
internal sealed class OutsideExecution<TWork>(OutsideService<TWork> service, IJobContext context, TimeSpan outage, TimeProvider time)
    where TWork : class, IOutsideWork
{
    private const int MostPosts = 2;
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly HashSet<Submission> _marks = [];
    private Submission? _posted;
    private bool _unclear;

    public async Task<ConnectorResult> Run(CancellationToken cancellationToken)
    {
        try
        {
            if (context.Adopts is { } adopted)
                return await Watch(adopted, cancellationToken);
            return await LookForEarlier(cancellationToken) ?? await Post(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && !context.LeaveRunning && _posted is not null)
        {
            if (await Stop(_posted) is { } notStopped)
                return notStopped;
            throw;
        }
        finally
        {
            foreach (var submission in _marks)
                service.Find(submission.Instance)?.Leave(submission.ExternalId);
        }
    }

    /// <summary>Goes on with what an earlier attempt left outside; null: there is nothing.</summary>
    private async Task<ConnectorResult?> LookForEarlier(CancellationToken cancellationToken)
    {
        foreach (var group in context.Earlier.GroupBy(e => e.Instance))
        {
            OutsideStates<TWork>? answer;
            try
            {
                answer = service.Find(group.Key) is { } instance ? await instance.Query([.. group.Select(e => e.Mark)], cancellationToken) : null;
            }
            catch (Exception e) when (OutsideFaults.IsFault(e))
            {
                if (group.All(s => s.Over))
                    continue;
                return ConnectorResult.Unsure($"An earlier attempt posted to '{group.Key}', which cannot be asked: {e.Message}");
            }

            if (answer is null && !group.All(s => s.Over))
                return ConnectorResult.Unsure($"An earlier attempt posted to '{group.Key}', which this worker does not reach.");
            var found = group.Reverse().FirstOrDefault(e => answer?.Jobs.GetValueOrDefault(e.ExternalId) is { State: SubmissionState.Completed } or { IsLive: true });
            if (found is null)
                continue;
            await context.AttachAsync(found, cancellationToken);
            return await Watch(found, cancellationToken);
        }

        return null;
    }

    private async Task<ConnectorResult> Post(CancellationToken cancellationToken)
    {
        var id = service.InTurn(context.UsableInstances).FirstOrDefault(context.TryUse) ?? throw new NoUsableInstanceException(service.Name);
        var instance = service.At(id);
        string? boot;
        Func<string, CancellationToken, Task<string?>> post;
        try
        {
            boot = await instance.Boot(cancellationToken);
            post = await instance.Prepare(context, cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            return ConnectorResult.Failed(FailureEvidence.Of(e, "prepare") with { Instance = id, KnownClass = FailureClass.Transient });
        }
        catch (OutsideRefusedException e)
        {
            return e.Failure;
        }

        for (var posts = 1; ; posts++)
        {
            try
            {
                return await Watch(await Submit(instance, boot, post, cancellationToken), cancellationToken);
            }
            catch (OutsideRefusedException e)
            {
                _posted = null;
                return e.Failure;
            }
            catch (UnclearPostException e)
            {
                var (found, unsure) = await LookFor(instance, _posted!, boot, cancellationToken);
                if (unsure is not null)
                    return unsure;
                if (found)
                    return await Watch(_posted!, cancellationToken);
                if (posts == MostPosts)
                    return ConnectorResult.Failed(FailureClass.Transient, "not_taken", $"{posts} posts did not arrive. {e.InnerException!.Message}");
            }
        }
    }

    private async Task<Submission> Submit(
        IOutsideInstance<TWork> instance, string? boot, Func<string, CancellationToken, Task<string?>> post, CancellationToken cancellationToken)
    {
        try
        {
            return await context.SubmitAsync(
                instance.Id,
                boot,
                async (externalId, token) =>
                {
                    _posted = new(instance.Id, externalId, boot, context.Epoch);
                    _marks.Add(_posted);
                    var serviceId = await post(externalId, token);
                    // Also where it does not come to be on record: it is stopped by it.
                    _posted = _posted with { ServiceId = serviceId };
                    return serviceId;
                },
                cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e) && _posted is not null)
        {
            _unclear = true;
            throw new UnclearPostException(e);
        }
    }

    /// <summary>Whether a post without a clear answer arrived: absent twice under the same boot, it did not.</summary>
    private async Task<(bool Found, ConnectorResult? Unsure)> LookFor(
        IOutsideInstance<TWork> instance, Submission posted, string? boot, CancellationToken cancellationToken)
    {
        for (var look = 1; ; look++)
        {
            var (answer, unsure) = await AskPatiently(instance, posted, cancellationToken);
            if (answer is null)
                return (false, unsure);
            if (answer.Jobs.ContainsKey(posted.ExternalId))
                return (true, null);
            if (answer.Boot != boot)
                return (false, ConnectorResult.Unsure($"'{instance.Id}' was restarted after a post that it did not answer."));
            if (look == 2)
                return (false, null);
            await Task.Delay(AskAgainAfter, time, cancellationToken);
        }
    }

    private async Task<ConnectorResult> Watch(Submission submission, CancellationToken cancellationToken)
    {
        (_posted, _unclear) = (submission, false);
        _marks.Add(submission);
        if (service.Find(submission.Instance) is not { } instance)
            return ConnectorResult.Unsure($"The work is at '{submission.Instance}', which this worker does not reach.");
        (double, string?) said = (-1, null);
        while (true)
        {
            var (answer, unsure) = await AskPatiently(instance, submission, cancellationToken);
            if (answer is null)
                return unsure!;
            switch (answer.Jobs.GetValueOrDefault(submission.ExternalId))
            {
                case { IsLive: true } live:
                    var now = (live.Progress ?? 0, live.Message);
                    if (now != said)
                        context.ReportProgress(now.Item1, now.Message);
                    said = now;
                    break;
                case { State: SubmissionState.Completed } completed:
                    return await instance.Fetch(context, submission.Mark, completed, cancellationToken);
                case { State: SubmissionState.Failed } failed:
                    var failure = failed.Failure ?? new(FailureClass.Transient, "service_error", $"'{instance.Id}' gave no reason.", null);
                    return await AfterFailure(instance, failure, cancellationToken);
                case { State: SubmissionState.Cancelled }:
                    return ConnectorResult.Failed(FailureClass.Transient, "cancelled_outside", $"'{instance.Id}' says that somebody else stopped the job.");
                default:
                    return ConnectorResult.Unsure($"'{instance.Id}' (boot '{answer.Boot}', at the post '{submission.BootMark}') does not know the job any more.");
            }

            await instance.Pause(context, submission.Mark, cancellationToken);
        }
    }

    private static async Task<FailedResult> AfterFailure(IOutsideInstance<TWork> instance, FailedResult failure, CancellationToken cancellationToken)
    {
        try
        {
            return await instance.AfterFailure(failure, cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            // The failure is what counts; an instance that does not hear this is found by the next job.
            return failure;
        }
    }

    /// <summary>Asks until there is an answer, or for as long as an outage may take.</summary>
    private async Task<(OutsideStates<TWork>? Answer, ConnectorResult? Unsure)> AskPatiently(
        IOutsideInstance<TWork> instance, Submission submission, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        while (true)
        {
            try
            {
                return (await instance.Query([submission.Mark], cancellationToken), null);
            }
            catch (Exception e) when (OutsideFaults.IsFault(e))
            {
                if (time.GetElapsedTime(asked) >= outage)
                    return (null, ConnectorResult.Unsure($"'{instance.Id}' could not be asked for {outage}. {e.Message}"));
            }

            await instance.Pause(context, submission.Mark, cancellationToken);
        }
    }

    /// <summary>Stops the work outside; null: it runs no more.</summary>
    private async Task<ConnectorResult?> Stop(Submission submission)
    {
        using var limit = new CancellationTokenSource(StopLimit, time);
        try
        {
            var instance = service.At(submission.Instance);
            await instance.Cancel(submission.Mark, limit.Token);
            if (!_unclear)
                return null;
            // What was not there may have been on its way.
            await Task.Delay(AskAgainAfter, time, limit.Token);
            await instance.Cancel(submission.Mark, limit.Token);
            return null;
        }
        catch (Exception e) when (OutsideFaults.IsFault(e) || e is ArgumentException or OperationCanceledException)
        {
            return ConnectorResult.Unsure($"The job could not be stopped at '{submission.Instance}': {e.Message}");
        }
    }

    /// <summary>The post may have arrived or not.</summary>
    private sealed class UnclearPostException(Exception inner) : Exception(inner.Message, inner);
}
