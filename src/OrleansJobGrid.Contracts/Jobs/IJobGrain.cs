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

    /// <summary>Progress, never durable.</summary>
    [Alias("Progress")] Task<ReportOutcome> Progress(GrantToken token, double percent, string? message);

    /// <summary>A state to resume from, at most 64 KB; the last wins.</summary>
    [Alias("Checkpoint")] Task<ReportOutcome> Checkpoint(GrantToken token, Immutable<byte[]> state);

    /// <summary>The work is done. The same token again gets the same answer.</summary>
    [Alias("Complete")] Task<ReportOutcome> Complete(GrantToken token, CompletionReport report);

    /// <summary>The attempt failed.</summary>
    [Alias("Fail")] Task<ReportOutcome> Fail(GrantToken token, FailureReport report);

    /// <summary>The attempt was stopped without a result.</summary>
    [Alias("Stopped")] Task<ReportOutcome> Stopped(GrantToken token, StopReason reason);

    /// <summary>The session that may hold this job is over, and its work with it.</summary>
    [Alias("SessionEnded")] Task SessionEnded(string sessionId, string reason);

    /// <summary>Something of this job is due by the store's clock.</summary>
    [Alias("OnDue")] Task OnDue();

    /// <summary>Asks for the job's end. Durable; a valid completion that comes first wins.</summary>
    [Alias("Cancel")] Task<ControlAnswer> Cancel(string reason);

    /// <summary>
    /// The job as it is now, or as soon as it differs from what the caller saw; after <paramref name="wait"/> in any case.
    /// Null: there is no such job.
    /// </summary>
    [AlwaysInterleave, Alias("Watch")] Task<JobView?> Watch(long seenVersion, long seenProgress, TimeSpan wait);
}
