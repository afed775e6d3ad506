namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>The states of a job; <c>docs/job-states.md</c> draws who moves it from where to where.</summary>
public enum JobStatus
{
    /// <summary>In the ready index, or waiting for its <c>not_before</c>.</summary>
    Pending = 1,

    /// <summary>Granted to a worker's session.</summary>
    Assigned = 2,

    /// <summary>Its worker said that the work has begun.</summary>
    InProgress = 3,

    /// <summary>Waiting for its backoff to end.</summary>
    Retrying = 4,

    /// <summary>Its owner is lost; the service that the work was sent to is asked what became of it.</summary>
    Reconciling = 5,

    /// <summary>Stopped by request, with its checkpoint, until it is resumed.</summary>
    Paused = 6,

    /// <summary>Final: one completion was accepted.</summary>
    Completed = 7,

    /// <summary>Final: a dead letter.</summary>
    Failed = 8,

    /// <summary>Final: cancelled by request.</summary>
    Cancelled = 9,

    /// <summary>Final: a time limit ended it; a dead letter as well.</summary>
    Timeout = 10,
}

/// <summary>The names of states on the wire and in the store.</summary>
public static class JobStatusNames
{
    private static readonly string[] Names =
        ["", "pending", "assigned", "in_progress", "retrying", "reconciling", "paused", "completed", "failed", "cancelled", "timeout"];

    /// <summary>All states in their order.</summary>
    public static IReadOnlyList<JobStatus> All { get; } = [.. Enum.GetValues<JobStatus>()];

    /// <summary>The wire name, such as <c>in_progress</c>.</summary>
    public static string Name(this JobStatus status) => Names[(int)status];

    /// <summary>The state of a wire name.</summary>
    public static bool TryParse(string name, out JobStatus status)
    {
        var index = Array.IndexOf(Names, name);
        status = index > 0 ? (JobStatus)index : default;
        return index > 0;
    }

    /// <summary>Whether nothing moves the job any more.</summary>
    public static bool IsFinal(this JobStatus status) => status >= JobStatus.Completed;

    /// <summary>Whether the job is a dead letter: it can be looked at, requeued and purged.</summary>
    public static bool IsDeadLetter(this JobStatus status) => status is JobStatus.Failed or JobStatus.Timeout;

    /// <summary>Whether a worker's session holds the job.</summary>
    public static bool IsGranted(this JobStatus status) => status is JobStatus.Assigned or JobStatus.InProgress;
}
