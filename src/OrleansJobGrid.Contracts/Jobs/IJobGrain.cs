using Orleans.Concurrency;

namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>One job; its key is the job's id. It alone decides what becomes of the job; the store compares and applies.</summary>
[Alias("jobgrid.IJobGrain"), GrainInterfaceType("jobgrid.job")]
public interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Grants the job to a session, if it is pending.</summary>
    [Alias("TryStart")] Task<StartAnswer> TryStart(StartRequest request);

    /// <summary>The work has begun: written before the first byte leaves the worker, or after a second of work in the process.</summary>
    [Alias("Begin")] Task<ReportOutcome> Begin(GrantToken token);

    /// <summary>
    /// A post to a service outside is about to leave: written first, and the work has begun with it. Anything but
    /// <see cref="ReportOutcome.Accepted"/> forbids the post.
    /// </summary>
    [Alias("Submit")] Task<ReportOutcome> Submit(GrantToken token, ServiceSubmission submission);

    /// <summary>The service took a post and calls the work by an id of its own, at most 256 characters: whoever asks later needs it.</summary>
    [Alias("Named")] Task<ReportOutcome> Named(GrantToken token, string externalId, string serviceId);

    /// <summary>The attempt goes on with an earlier submission that was found at its service after all (<c>stale_submit</c>).</summary>
    [Alias("Attach")] Task<ReportOutcome> Attach(GrantToken token, string externalId);

    /// <summary>Progress, never durable.</summary>
    [Alias("Progress")] Task<ProgressAnswer> Progress(GrantToken token, double percent, string? message);

    /// <summary>An unfinished picture for those who watch, kept in memory only; the latest one stands.</summary>
    [Alias("Preview")] Task Preview(GrantToken token, JobPreview preview);

    /// <summary>A state to resume from, at most 64 KB; the last wins.</summary>
    [Alias("Checkpoint")] Task<ReportOutcome> Checkpoint(GrantToken token, Immutable<byte[]> state);

    /// <summary>The work is done. The same token again gets the same answer.</summary>
    [Alias("Complete")] Task<ReportOutcome> Complete(GrantToken token, CompletionReport report);

    /// <summary>The attempt failed.</summary>
    [Alias("Fail")] Task<ReportOutcome> Fail(GrantToken token, FailureReport report);

    /// <summary>The attempt was stopped without a result.</summary>
    [Alias("Stopped")] Task<ReportOutcome> Stopped(GrantToken token, StopReason reason);

    /// <summary>What a worker is to do with work that it holds under this token.</summary>
    [Alias("DirectiveFor")] Task<Directive> DirectiveFor(GrantToken token);

    /// <summary>The session that may hold this job is over.</summary>
    [Alias("SessionEnded")] Task SessionEnded(SessionEnd end);

    /// <summary>What the service said of a submission of this job.</summary>
    [Alias("Judge")] Task Judge(Verdict verdict);

    /// <summary>Something of this job is due by the store's clock.</summary>
    [Alias("OnDue")] Task OnDue();

    /// <summary>Asks for the job's end. Durable; a valid completion that comes first wins.</summary>
    [Alias("Cancel")] Task<ControlAnswer> Cancel(string reason);

    /// <summary>Asks for a pause. Durable; the checkpoint is kept. Withdrawn where the worker does not confirm it within 60 s.</summary>
    [Alias("Pause")] Task<ControlAnswer> Pause(string reason);

    /// <summary>Puts a paused job back at its place in the queue, or withdraws a pause that has not come about.</summary>
    [Alias("Resume")] Task<ControlAnswer> Resume(string reason);

    /// <summary>Puts a dead letter back into the queue, its history kept and its attempts counted anew.</summary>
    [Alias("Retry")] Task<ControlAnswer> Retry(string reason);

    /// <summary>An operator's word about a job in <see cref="JobStatus.Reconciling"/>. <paramref name="result"/>: UTF-8 JSON, with <see cref="Resolution.Completed"/> only.</summary>
    [Alias("Resolve")] Task<ControlAnswer> Resolve(Resolution resolution, string reason, byte[]? result);

    /// <summary>Deletes a dead letter with its history.</summary>
    [Alias("Purge")] Task<ControlAnswer> Purge();

    /// <summary>
    /// The job as it is now, or as soon as it differs from what the caller saw; after <paramref name="wait"/> in any case.
    /// Null: there is no such job.
    /// </summary>
    /// <param name="seenVersion">The version that the caller saw.</param>
    /// <param name="seenProgress">The <see cref="JobView.ProgressNumber"/> that it saw.</param>
    /// <param name="wait">How long at most, below Orleans' response timeout of 30 s.</param>
    /// <param name="seenPreview">The <see cref="JobView.PreviewNumber"/> that it saw; null: unfinished pictures are not wanted.</param>
    [AlwaysInterleave, Alias("Watch")] Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait, long? seenPreview = null);
}
