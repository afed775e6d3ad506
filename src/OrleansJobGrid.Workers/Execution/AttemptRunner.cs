using System.Text;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Runs one attempt through its connector and says how it ended.</summary>
internal sealed class AttemptRunner(IGrainFactory grains, IArtefactStore artefacts, TimeProvider time, ILogger<AttemptRunner> logger, FailureReporting failures)
{
    private const int InlineResultBytes = 64 << 10;

    /// <summary>The report of its end; null: there is nothing to say, since the grant is not the job's any more.</summary>
    public async Task<AttemptReport?> Run(Attempt attempt)
    {
        var started = time.GetTimestamp();
        var ended = new AttemptReport { JobId = attempt.Grant.JobId, Token = attempt.Grant.Token };
        try
        {
            // Where the work can outlive this process, its start is durable before its first byte leaves.
            if (attempt.Connector.Location != WorkLocation.InProcess && !await Begin(attempt))
                return null;
            var result = await attempt.Connector.ExecuteAsync(new AttemptContext(attempt, artefacts), attempt.Token);
            var duration = (long)time.GetElapsedTime(started).TotalMilliseconds;
            return result switch
            {
                CompletedResult completed => ended with { Completion = await ReportOf(attempt, completed, duration) },
                FailedResult failed => ended with { Failure = failures.Of(failed, duration) },
                _ => throw new InvalidOperationException($"The connector of '{attempt.Grant.Service}' answered with {result}."),
            };
        }
        catch (Exception) when (attempt.Order == EndOrder.Abandon)
        {
            logger.AttemptAbandoned(attempt.Grant.JobId, attempt.Grant.Token.Epoch);
            return null;
        }
        catch (OperationCanceledException) when (attempt.Order != EndOrder.None)
        {
            return ended with { Stop = attempt.Order == EndOrder.Drain ? StopReason.Drained : StopReason.Requested };
        }
        catch (ArtefactMissingException e)
        {
            return ended with { Failure = failures.Of(e, (long)time.GetElapsedTime(started).TotalMilliseconds) };
        }
        catch (Exception e)
        {
            logger.AttemptThrew(attempt.Grant.JobId, attempt.Grant.Token.Epoch, attempt.Grant.Service, e);
            var duration = (long)time.GetElapsedTime(started).TotalMilliseconds;
            return ended with { Failure = failures.Of(e, duration) };
        }
    }

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

    private async Task<CompletionReport> ReportOf(Attempt attempt, CompletedResult completed, long duration)
    {
        var outputs = completed.Outputs.Select(o => new JobOutputView(o.Artefact, o.Name, o.Sha256, o.Size)).ToList();
        var result = completed.Result is null ? null : Encoding.UTF8.GetBytes(completed.Result.ToJsonString());
        if (result is { Length: > InlineResultBytes })
        {
            // A large result is kept as a file, and the record says where.
            var kept = await new AttemptContext(attempt, artefacts).WriteOutputAsync("result.json", new MemoryStream(result), attempt.Token);
            outputs.Add(new(kept.Artefact, kept.Name, kept.Sha256, kept.Size));
            result = Encoding.UTF8.GetBytes($$"""{"artefact":"{{kept.Artefact}}"}""");
        }

        return new() { Result = result, Outputs = outputs, DurationMs = duration };
    }
}
