using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Workers.Breakers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// What an attempt sends outside: which instances it may use, and its posts, each on record before its first byte leaves and only under
/// a lease that outlives it.
/// </summary>
internal sealed class AttemptSubmissions(Attempt attempt, IGrainFactory grains, InstanceBreakers breakers, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RenewalPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private int _posts;

    public Submission? Adopts { get; } = SubmissionOf(attempt.Grant.Submissions.FirstOrDefault(s => s.ExternalId == attempt.Grant.Adopts));

    public IReadOnlyList<Submission> Earlier { get; } = [.. attempt.Grant.Submissions.Select(s => SubmissionOf(s)!)];

    public IReadOnlyList<string> Usable =>
    [
        .. Instances.Select(i => i.Id).Where(i => !attempt.Grant.ExcludedInstances.Contains(i) && breakers.LetsThrough(i)),
    ];

    private IReadOnlyList<ServiceInstance> Instances => attempt.Connector is IExternalConnector external ? external.Instances : [];

    private IJobGrain Job => grains.Job(attempt.Grant.JobId);

    public bool TryUse(string instance)
    {
        if (!breakers.Of(instance).TryEnter(attempt))
            return false;
        WorkWith(instance);
        return true;
    }

    public async Task<Submission> Submit(
        string instance, string? bootMark, Func<string, CancellationToken, Task<string?>> post, CancellationToken cancellationToken)
    {
        var at = Instances.FirstOrDefault(i => i.Id == instance)
            ?? throw new ArgumentException($"'{instance}' is no instance of '{attempt.Grant.Service}' on this worker.", nameof(instance));
        var (limit, margin) = PostLimit(((IExternalConnector)attempt.Connector).SubmitTimeout);
        var n = ++_posts;
        var record = new ServiceSubmission
        {
            N = n,
            Epoch = attempt.Grant.Token.Epoch,
            Instance = instance,
            ExternalId = ExternalIds.Of(attempt.Grant.JobId, attempt.Grant.Token.Epoch, n),
            BootMark = bootMark,
            Node = at.OnThisMachine ? attempt.Node : null,
            SubmitTimeoutMs = (long)limit.TotalMilliseconds,
        };
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, attempt.Token);
        await Leased(limit + margin, either.Token);
        await Write(() => Job.Submit(attempt.Grant.Token, record), either.Token);
        WorkWith(instance);
        // The writing took its time, which the lease may lack now.
        await Leased(limit + margin, either.Token);
        var serviceId = await Post(record, limit, post);
        breakers.Of(instance).Succeeded(attempt);
        if (serviceId is not null)
            await Write(() => Job.Named(attempt.Grant.Token, record.ExternalId, serviceId), either.Token);
        return SubmissionOf(record with { ServiceId = serviceId })!;
    }

    public async Task Attach(Submission earlier, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, attempt.Token);
        await Write(() => Job.Attach(attempt.Grant.Token, earlier.ExternalId), either.Token);
        WorkWith(earlier.Instance);
    }

    /// <summary>What the attempt's end says of its instance; null: nothing.</summary>
    public void Ended(ConnectorResult? result)
    {
        if (attempt.Instance is not { } instance)
            return;
        if (result is FailedResult { Class: FailureClass.MissingHere } missing)
            breakers.Lacks(instance, missing.Evidence.Missing);
        var breaker = breakers.Of(instance);
        switch (result)
        {
            case FailedResult failed when failed.Class == FailureClass.Transient || FailureReason.IsOfTheMachine(failed.Reason):
                breaker.Failed(attempt, failed.Message);
                break;
            case UnsureResult unsure:
                breaker.Failed(attempt, unsure.Message);
                break;
            // It answered; that the job is wrong, or asks for what it lacks, is no fault of it.
            case CompletedResult or FailedResult { Class: not (FailureClass.RateLimited or FailureClass.ResourceExhaustion) }:
                breaker.Succeeded(attempt);
                break;
        }

        breaker.Left(attempt);
    }

    private static Submission? SubmissionOf(ServiceSubmission? s) =>
        s is null ? null : new(s.Instance, s.ExternalId, s.BootMark, s.Epoch, s.Over, s.ServiceId);

    /// <summary>How long a post may take: half a lease at most, or no heartbeat could ever leave enough of it.</summary>
    private (TimeSpan Limit, TimeSpan Margin) PostLimit(TimeSpan submitTimeout)
    {
        if (attempt.Lease is not { } lease)
            return (submitTimeout, Margin);
        var (half, eighth) = (lease.Length / 2, lease.Length / 8);
        return (submitTimeout < half ? submitTimeout : half, Margin < eighth ? Margin : eighth);
    }

    private async Task Leased(TimeSpan needed, CancellationToken cancellationToken)
    {
        if (attempt.Lease is { } lease && !await lease.Covers(needed, RenewalPatience, cancellationToken))
        {
            logger.PostForbidden(attempt.Grant.JobId, attempt.Grant.Token.Epoch, (long)lease.Left.TotalMilliseconds, (long)needed.TotalMilliseconds);
            attempt.End(EndOrder.NoLease);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Writes until the grid has answered; anything but a yes ends the attempt.</summary>
    private async Task Write(Func<Task<ReportOutcome>> write, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var outcome = await write();
                if (outcome == ReportOutcome.Accepted)
                {
                    attempt.Begun = true;
                    return;
                }

                attempt.Obey(outcome);
                throw new OperationCanceledException($"The grid forbids the post: {outcome}.", attempt.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.WordFailed(attempt.Grant.JobId, attempt.Grant.Token.Epoch, e);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private async Task<string?> Post(ServiceSubmission record, TimeSpan limit, Func<string, CancellationToken, Task<string?>> post)
    {
        using var ends = new CancellationTokenSource(limit, time);
        // A post that is to be stopped goes on to its answer, since only what is there can be stopped; one that is let go is not waited for.
        await using var letGo = attempt.Token.Register(() =>
        {
            if (attempt.LeaveRunning)
                ends.Cancel();
        });
        try
        {
            return await post(record.ExternalId, ends.Token);
        }
        catch (OperationCanceledException e) when (attempt.LeaveRunning)
        {
            throw new OperationCanceledException("The post was let go.", e, attempt.Token);
        }
        catch (OperationCanceledException e) when (ends.IsCancellationRequested)
        {
            throw new TimeoutException($"Instance '{record.Instance}' did not answer the post within {limit.TotalSeconds:0.#} s.", e);
        }
    }

    private void WorkWith(string instance)
    {
        if (attempt.Instance is { } before && before != instance)
            breakers.Of(before).Left(attempt);
        attempt.Instance = instance;
    }
}
