using Microsoft.Extensions.Logging;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// What running attempts say between their start and their end: the start itself once a second of work in this process is over,
/// progress five times a second at most, a checkpoint and an unfinished picture once a second at most. It also ends an attempt that makes no progress for too long.
/// </summary>
internal sealed class AttemptPulse(IGrainFactory grains, AttemptRunner runner, SharedBeat beat, TimeProvider time, ILogger<AttemptPulse> logger)
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan StartAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckpointPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PreviewPause = TimeSpan.FromSeconds(1);

    /// <summary>Speaks for what a session holds until it is over.</summary>
    public Task Run(HeldAttempts attempts, CancellationToken over) => beat.Run(() => Speak(attempts), over);

    /// <summary>Writes the checkpoint offered last, before the attempt's end is reported.</summary>
    public async Task Flush(Attempt attempt)
    {
        try
        {
            await WriteCheckpoint(attempt);
        }
        catch (Exception e)
        {
            logger.WordFailed(attempt.Grant.JobId, attempt.Grant.Token.Epoch, e);
        }
    }

    private Task Speak(HeldAttempts attempts)
    {
        List<Task>? speaking = null;
        foreach (var attempt in attempts.All)
        {
            // Most have nothing to say.
            var word = Speak(attempt);
            if (!word.IsCompletedSuccessfully)
                (speaking ??= []).Add(word);
        }

        return speaking is null ? Task.CompletedTask : Task.WhenAll(speaking);
    }

    private async Task Speak(Attempt attempt)
    {
        // What it said last would come after its end, to a job that nobody holds any more.
        if (attempt.Order != EndOrder.None || attempt.WorkIsOver)
            return;
        if (HasStalled(attempt))
        {
            attempt.End(EndOrder.Stall);
            return;
        }

        try
        {
            var inProcess = attempt.Connector.Location == WorkLocation.InProcess;
            if (!attempt.Begun && inProcess && time.GetElapsedTime(attempt.ReceivedAt) >= StartAfter)
                await runner.Begin(attempt);
            if (attempt.TakeProgress() is var (percent, message))
            {
                var answer = await Job(attempt).Progress(attempt.Grant.Token, percent, message);
                attempt.PreviewsWanted = answer.PreviewsWanted;
                attempt.Obey(answer.Outcome);
            }

            if (attempt.PreviewsWanted && (attempt.PreviewAt == 0 || time.GetElapsedTime(attempt.PreviewAt) >= PreviewPause) && attempt.TakePreview() is { } preview)
            {
                attempt.PreviewAt = time.GetTimestamp();
                await Job(attempt).Preview(attempt.Grant.Token, preview);
            }

            if (attempt.CheckpointAt == 0 || time.GetElapsedTime(attempt.CheckpointAt) >= CheckpointPause)
                await WriteCheckpoint(attempt);
        }
        catch (OperationCanceledException) when (attempt.Order != EndOrder.None)
        {
            // Its end was ordered meanwhile, and its slot deals with it.
        }
        catch (Exception e)
        {
            logger.WordFailed(attempt.Grant.JobId, attempt.Grant.Token.Epoch, e);
        }
    }

    private bool HasStalled(Attempt attempt)
    {
        if (attempt.TakeMove())
            attempt.MovedAt = time.GetTimestamp();
        var limit = attempt.Grant.StallTimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : attempt.Connector.DefaultStallTimeout;
        return limit is { } longest && time.GetElapsedTime(attempt.MovedAt) >= longest;
    }

    private async Task WriteCheckpoint(Attempt attempt)
    {
        if (attempt.TakeCheckpoint() is not { } state)
            return;
        attempt.CheckpointAt = time.GetTimestamp();
        try
        {
            attempt.Obey(await Job(attempt).Checkpoint(attempt.Grant.Token, new(state)));
        }
        catch (Exception)
        {
            attempt.CheckpointAgain(state);
            throw;
        }
    }

    private IJobGrain Job(Attempt attempt) => grains.Job(attempt.Grant.JobId);
}
