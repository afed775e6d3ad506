using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.Progress;

/// <summary>Follows a job to its end and tells a display.</summary>
internal static class JobFollower
{
    /// <param name="client">The grid.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="display">What is told.</param>
    /// <param name="previews">Where unfinished pictures go; null: they are not wanted.</param>
    /// <param name="cancellationToken">Ends the following; the job goes on.</param>
    public static async Task<Job> FollowAsync(
        JobGridClient client, string jobId, IProgressDisplay display, PreviewFile? previews, CancellationToken cancellationToken)
    {
        await foreach (var update in client.WatchAsync(jobId, previews is not null, cancellationToken))
        {
            switch (update)
            {
                case JobPreviewUpdate preview:
                    previews?.Write(preview);
                    break;
                case JobStateUpdate(var job):
                    display.Update(job.Id, job.Status, job.Progress, WaitingFor(job));
                    break;
                case JobProgressUpdate progress:
                    display.Update(progress.JobId, null, progress.Progress, progress.Message);
                    break;
                case JobEndUpdate(var job):
                    display.Update(job.Id, job.Status, job.Progress, job.Status == JobStatus.Completed ? null : job.ErrorMessage);
                    return job;
            }
        }

        throw new GridUnreachableException($"The stream of job {jobId} ended without the job's end.");
    }

    /// <summary>What a job that does not run waits for.</summary>
    private static string? WaitingFor(Job job) => job switch
    {
        { Unworkable: true } => job.UnworkableReason ?? "no worker of this grid can do it",
        { HeldReason: { } reason } => reason,
        { Status: JobStatus.Retrying, Failures: [.., { Message: { } failure }] } => failure,
        _ => null,
    };
}
