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

    /// <summary>Final: one completion was accepted.</summary>
    Completed = 5,

    /// <summary>Final: a dead letter.</summary>
    Failed = 6,

    /// <summary>Final: cancelled by request.</summary>
    Cancelled = 7,

    /// <summary>Final: a time limit ended it.</summary>
    Timeout = 8,
}

/// <summary>The names of states on the wire and in the store.</summary>
public static class JobStatusNames
{
    private static readonly string[] Names =
        ["", "pending", "assigned", "in_progress", "retrying", "completed", "failed", "cancelled", "timeout"];

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

    /// <summary>Whether a worker's session holds the job.</summary>
    public static bool IsGranted(this JobStatus status) => status is JobStatus.Assigned or JobStatus.InProgress;
}
