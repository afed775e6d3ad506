namespace OrleansJobGrid.Client;

/// <summary>The names of a job's states, as the grid writes them.</summary>
public static class JobStatus
{
    /// <summary>Waits in its queue.</summary>
    public const string Pending = "pending";

    /// <summary>Granted to a worker.</summary>
    public const string Assigned = "assigned";

    /// <summary>Runs.</summary>
    public const string InProgress = "in_progress";

    /// <summary>Waits for its next attempt.</summary>
    public const string Retrying = "retrying";

    /// <summary>Its worker was lost, and the grid finds out what became of the attempt.</summary>
    public const string Reconciling = "reconciling";

    /// <summary>Stopped until it is resumed.</summary>
    public const string Paused = "paused";

    /// <summary>Done, for good.</summary>
    public const string Completed = "completed";

    /// <summary>Failed, for good.</summary>
    public const string Failed = "failed";

    /// <summary>Cancelled, for good.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Ran out of time, for good.</summary>
    public const string Timeout = "timeout";

    /// <summary>All states, in the order of a job's life.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Pending, Assigned, InProgress, Retrying, Reconciling, Paused, Completed, Failed, Cancelled, Timeout];

    /// <summary>Whether a job in this state stays in it, short of a retry by hand.</summary>
    public static bool IsFinal(string status) => status is Completed or Failed or Cancelled or Timeout;
}
