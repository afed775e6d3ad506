using System.Text;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Runs one attempt through its connector and says how it ended.</summary>
internal sealed class AttemptRunner(
    IGrainFactory grains, IArtefactStore artefacts, InstanceBreakers breakers, FailureReporting failures, TimeProvider time, ILogger<AttemptRunner> logger,
    GpuMonitor? gpus = null, ArtefactOptions? limits = null)
{
    private const int InlineResultBytes = 64 << 10;

    /// <summary>What failures mean.</summary>
    public FailureReporting Failures => failures;

    /// <summary>The report of its end; null: there is nothing to say, since the grant is not the job's any more.</summary>
    public async Task<AttemptReport?> Run(Attempt attempt)
    {
        var submissions = new AttemptSubmissions(attempt, grains, breakers, time, logger);
        ConnectorResult? said = null;
        using var watch = gpus?.Watch(attempt.Gpu);
        var own = breakers.OwnOf(attempt);
        try
        {
            if (own?.TryEnter(attempt) == false)
                return new() { JobId = attempt.Grant.JobId, Token = attempt.Grant.Token, Stop = StopReason.NotBegun };
            var started = time.GetTimestamp();
            var ended = new AttemptReport { JobId = attempt.Grant.JobId, Token = attempt.Grant.Token };
            return await Execute(attempt, submissions, ended, started, watch, r => said = r);
        }
        finally
        {
            submissions.Ended(said);
            if (said is FailedResult failed && FailureReason.IsOfTheMachine(failed.Reason))
                breakers.OwnFailed(attempt, failed.Message);
            else if (said is CompletedResult)
                own?.Succeeded(attempt);
            own?.Left(attempt);
        }
    }

    /// <summary>Nothing is taken over or looked for, and no instance may be posted to: its breakers opened after the claim.</summary>
    private static bool IsShut(Attempt attempt, AttemptSubmissions submissions)
    {
        if (submissions.Adopts is { } adopted)
            attempt.Instance = adopted.Instance;
        else if (attempt.Grant.Adopts is not null)
            throw new InvalidOperationException($"The grant of job {attempt.Grant.JobId} adopts {attempt.Grant.Adopts}, which is not among its submissions.");
        return attempt.Grant.Adopts is null && submissions.Earlier.Count == 0 && submissions.Usable.Count == 0;
    }

    private async Task<AttemptReport?> Execute(
        Attempt attempt, AttemptSubmissions submissions, AttemptReport ended, long started, GpuWatch? watch, Action<ConnectorResult> say)
    {
        try
        {
            if (attempt.Connector.Location == WorkLocation.External && IsShut(attempt, submissions))
                return ended with { Stop = StopReason.NotBegun };
            // Where the work can outlive this process, its start is durable before its first byte leaves; outside, it is the submission's record.
            if (attempt.Connector.Location == WorkLocation.Child && !await Begin(attempt))
                return null;
            var context = new AttemptContext(attempt, artefacts, submissions, limits ?? new());
            var result = await attempt.Connector.ExecuteAsync(context, attempt.Token);
            say(Failures.Judged(result));
            var duration = (long)time.GetElapsedTime(started).TotalMilliseconds;
            return result switch
            {
                CompletedResult completed => ended with { Completion = await ReportOf(attempt, context, completed, duration, watch) },
                FailedResult failed => ended with { Failure = FailureOf(attempt, failed, started) },
                UnsureResult unsure => UnsureReport(attempt, ended, unsure),
                StalledResult => ended with { Stop = StopReason.Stalled },
                _ => throw new InvalidOperationException($"The connector of '{attempt.Grant.Service}' answered with {result}."),
            };
        }
        catch (Exception) when (attempt.Order is EndOrder.Abandon or EndOrder.LetGo)
        {
            logger.AttemptAbandoned(attempt.Grant.JobId, attempt.Grant.Token.Epoch);
            return null;
        }
        catch (OperationCanceledException) when (attempt.Order != EndOrder.None)
        {
            return ended with { Stop = StopOf(attempt) };
        }
        catch (NoUsableInstanceException) when (attempt is { Begun: false, Connector.Location: WorkLocation.External })
        {
            return ended with { Stop = StopReason.NotBegun };
        }
        catch (ArtefactMissingException e)
        {
            var missing = FailureReporting.Missing(e);
            say(missing);
            return ended with { Failure = FailureOf(attempt, missing, started) };
        }
        catch (OutputTooLargeException e)
        {
            var tooLarge = FailureReporting.TooLarge(e);
            say(tooLarge);
            return ended with { Failure = FailureOf(attempt, tooLarge, started) };
        }
        catch (Exception e)
        {
            logger.AttemptThrew(attempt.Grant.JobId, attempt.Grant.Token.Epoch, attempt.Grant.Service, e);
            var escaped = FailureReporting.Escaped(e);
            say(Failures.Judged(escaped));
            return ended with { Failure = FailureOf(attempt, escaped, started) };
        }
    }

    private AttemptReport? UnsureReport(Attempt attempt, AttemptReport ended, UnsureResult unsure)
    {
        logger.AttemptUnsure(attempt.Grant.JobId, attempt.Grant.Token.Epoch, unsure.Message);
        return attempt.Order is EndOrder.Abandon or EndOrder.LetGo ? null : ended with { Stop = StopReason.Unsure };
    }

    private static StopReason StopOf(Attempt attempt) => attempt.Order switch
    {
        EndOrder.Drain when attempt is { Begun: true, Connector.Location: WorkLocation.External } => StopReason.Detached,
        EndOrder.Drain => StopReason.Drained,
        EndOrder.Stall => StopReason.Stalled,
        EndOrder.NoLease => attempt.Begun ? StopReason.Unsure : StopReason.NotBegun,
        _ => StopReason.Requested,
    };

    /// <summary>Writes the start; false: the job is not to be run.</summary>
    public async Task<bool> Begin(Attempt attempt)
    {
        var outcome = await grains.Job(attempt.Grant.JobId).Begin(attempt.Grant.Token);
        attempt.Begun = outcome == ReportOutcome.Accepted;
        attempt.Obey(outcome);
        if (outcome == ReportOutcome.StopRequested)
            attempt.Token.ThrowIfCancellationRequested();
        return attempt.Begun;
    }

    private FailureReport FailureOf(Attempt attempt, FailedResult failed, long started)
    {
        var report = Failures.Of(failed, (long)time.GetElapsedTime(started).TotalMilliseconds, attempt.Instance) with
        {
            Gpu = attempt.Gpu,
            GpuMemoryGivenMb = attempt.GpuMemoryGivenMb,
        };
        // What the service says of its device comes first; a reading tells of this machine's only.
        return gpus?.Of(attempt.Gpu) is { IsOld: false } gpu && WorksHere(attempt) && report is { GpuMemoryUsedMb: null, GpuMemoryTotalMb: null }
            ? report with { GpuMemoryUsedMb = gpu.Reading.MemoryUsedMb, GpuMemoryTotalMb = gpu.Reading.MemoryTotalMb }
            : report;
    }

    /// <summary>Whether its work is on this machine, and so on its GPU.</summary>
    private static bool WorksHere(Attempt attempt) =>
        attempt.Connector is not IExternalConnector external || external.Instances.Any(i => i.Id == attempt.Instance && i.OnThisMachine);

    private async Task<CompletionReport> ReportOf(
        Attempt attempt, AttemptContext context, CompletedResult completed, long duration, GpuWatch? watch)
    {
        var outputs = completed.Outputs.Select(o => new JobOutputView(o.Artefact, o.Name, o.Sha256, o.Size)).ToList();
        var result = completed.Result is null ? null : Encoding.UTF8.GetBytes(completed.Result.ToJsonString());
        if (result is { Length: > InlineResultBytes })
        {
            // A large result is kept as a file, and the record says where.
            var kept = await context.WriteOutputAsync("result.json", new MemoryStream(result), attempt.Token);
            outputs.Add(new(kept.Artefact, kept.Name, kept.Sha256, kept.Size));
            result = Encoding.UTF8.GetBytes($$"""{"artefact":"{{kept.Artefact}}"}""");
        }

        return new()
        {
            Result = result,
            Outputs = outputs,
            DurationMs = duration,
            PeakGpuMemoryMb = attempt.PeakGpuMemoryMb ?? (WorksHere(attempt) ? watch?.PeakMb : null),
        };
    }
}
