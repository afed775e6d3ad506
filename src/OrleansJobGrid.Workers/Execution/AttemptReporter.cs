using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// Delivers the ends of attempts, also after their session: the last grant's result is worth something as long as the job was not
/// granted anew.
/// </summary>
internal sealed class AttemptReporter(ReportBatches reports, AttemptPulse pulse, IArtefactStore artefacts, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>Reports, claiming beside it where that is asked for; the grant that came with the answer.</summary>
    public async Task<JobGrant?> Report(Attempt attempt, AttemptReport report, Func<bool> claims)
    {
        // Whoever goes on with the job goes on from here.
        if (report.Completion is null)
            await pulse.Flush(attempt);
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                var (outcome, next) = await reports.Send(report, claims);
                // A job's first grant has no earlier one's pieces, and looking costs a request where artefacts lie in a bucket.
                if (report.Completion is not null && outcome == ReportOutcome.Accepted && (attempt.KeptScratch || report.Token.Epoch > 1))
                    await DeleteScratch(report.JobId);
                return next;
            }
            catch (Exception e) when (time.GetElapsedTime(started) < Limit)
            {
                logger.ReportFailed(report.JobId, report.Token.Epoch, e);
                await Task.Delay(Pause, time);
            }
            catch (Exception)
            {
                logger.ReportGivenUp(report.JobId, report.Token.Epoch);
                throw;
            }
        }
    }

    private async Task DeleteScratch(string jobId)
    {
        try
        {
            await artefacts.DeleteScratchAsync(jobId, CancellationToken.None);
        }
        catch (IOException e)
        {
            logger.ScratchNotDeleted(jobId, e);
        }
    }
}
