namespace OrleansJobGrid.Client;

/// <summary>What an operator may say became of a job that is <see cref="JobStatus.Reconciling"/>.</summary>
public static class JobResolution
{
    /// <summary>It was done; a result may be given.</summary>
    public const string Completed = "completed";

    /// <summary>Run it again.</summary>
    public const string Requeue = "requeue";

    /// <summary>Make it a dead letter.</summary>
    public const string Fail = "fail";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Completed, Requeue, Fail];
}
