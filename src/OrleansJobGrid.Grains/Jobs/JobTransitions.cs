using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Who moves a job along an edge.</summary>
public enum Mover
{
    Submitter = 1,
    Queue,
    Worker,
    Wheel,
    Recovery,
    Operator,
}

/// <summary>An edge of the state diagram; a null <paramref name="From"/>: the job did not exist.</summary>
public readonly record struct JobTransition(JobStatus? From, JobStatus To, Mover By);

/// <summary>Every edge of the state diagram with who moves it. What is not in it is refused.</summary>
public static class JobTransitions
{
    private static readonly JobTransition[] Table =
    [
        new(null, JobStatus.Pending, Mover.Submitter),

        new(JobStatus.Pending, JobStatus.Assigned, Mover.Queue),
        new(JobStatus.Pending, JobStatus.Cancelled, Mover.Submitter),
        new(JobStatus.Pending, JobStatus.Paused, Mover.Submitter),
        new(JobStatus.Pending, JobStatus.Timeout, Mover.Wheel),
        // A post of an earlier grant came in after all, and its work is taken over instead of doing it twice.
        new(JobStatus.Pending, JobStatus.InProgress, Mover.Recovery),
        // The last grant's result comes in late, after its job was taken back.
        new(JobStatus.Pending, JobStatus.Completed, Mover.Worker),

        new(JobStatus.Assigned, JobStatus.InProgress, Mover.Worker),
        // Work under a second carries its start in its completion.
        new(JobStatus.Assigned, JobStatus.Completed, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Retrying, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Failed, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Cancelled, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Pending, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Paused, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Timeout, Mover.Worker),
        new(JobStatus.Assigned, JobStatus.Pending, Mover.Recovery),
        new(JobStatus.Assigned, JobStatus.Failed, Mover.Recovery),
        new(JobStatus.Assigned, JobStatus.Paused, Mover.Recovery),
        new(JobStatus.Assigned, JobStatus.Cancelled, Mover.Recovery),
        new(JobStatus.Assigned, JobStatus.Cancelled, Mover.Wheel),
        new(JobStatus.Assigned, JobStatus.Timeout, Mover.Wheel),

        new(JobStatus.InProgress, JobStatus.Completed, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Retrying, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Failed, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Cancelled, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Pending, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Paused, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Timeout, Mover.Worker),
        // The worker left its work running outside, or cannot say what became of it.
        new(JobStatus.InProgress, JobStatus.Reconciling, Mover.Worker),
        new(JobStatus.InProgress, JobStatus.Reconciling, Mover.Recovery),
        new(JobStatus.InProgress, JobStatus.Pending, Mover.Recovery),
        new(JobStatus.InProgress, JobStatus.Failed, Mover.Recovery),
        new(JobStatus.InProgress, JobStatus.Paused, Mover.Recovery),
        new(JobStatus.InProgress, JobStatus.Cancelled, Mover.Recovery),
        new(JobStatus.InProgress, JobStatus.Cancelled, Mover.Wheel),
        new(JobStatus.InProgress, JobStatus.Timeout, Mover.Wheel),

        new(JobStatus.Retrying, JobStatus.Pending, Mover.Wheel),
        new(JobStatus.Retrying, JobStatus.Cancelled, Mover.Submitter),
        new(JobStatus.Retrying, JobStatus.Timeout, Mover.Wheel),
        new(JobStatus.Retrying, JobStatus.Paused, Mover.Submitter),
        new(JobStatus.Retrying, JobStatus.Completed, Mover.Worker),
        new(JobStatus.Retrying, JobStatus.InProgress, Mover.Recovery),

        // Adopted: a grant that counts no attempt.
        new(JobStatus.Reconciling, JobStatus.InProgress, Mover.Recovery),
        new(JobStatus.Reconciling, JobStatus.Pending, Mover.Recovery),
        new(JobStatus.Reconciling, JobStatus.Retrying, Mover.Recovery),
        new(JobStatus.Reconciling, JobStatus.Failed, Mover.Recovery),
        new(JobStatus.Reconciling, JobStatus.Cancelled, Mover.Recovery),
        new(JobStatus.Reconciling, JobStatus.Paused, Mover.Recovery),
        // Held for its whole limit: on_unknown decides.
        new(JobStatus.Reconciling, JobStatus.Pending, Mover.Wheel),
        new(JobStatus.Reconciling, JobStatus.Failed, Mover.Wheel),
        new(JobStatus.Reconciling, JobStatus.Cancelled, Mover.Wheel),
        new(JobStatus.Reconciling, JobStatus.Timeout, Mover.Wheel),
        new(JobStatus.Reconciling, JobStatus.Completed, Mover.Worker),
        new(JobStatus.Reconciling, JobStatus.Completed, Mover.Operator),
        new(JobStatus.Reconciling, JobStatus.Pending, Mover.Operator),
        new(JobStatus.Reconciling, JobStatus.Failed, Mover.Operator),

        new(JobStatus.Paused, JobStatus.Pending, Mover.Submitter),
        new(JobStatus.Paused, JobStatus.Cancelled, Mover.Submitter),
        new(JobStatus.Paused, JobStatus.Timeout, Mover.Wheel),
        new(JobStatus.Paused, JobStatus.Completed, Mover.Worker),

        new(JobStatus.Failed, JobStatus.Pending, Mover.Operator),
        new(JobStatus.Timeout, JobStatus.Pending, Mover.Operator),
    ];

    private static readonly HashSet<JobTransition> Edges = [.. Table];

    /// <summary>The whole table, in the order of the diagram.</summary>
    public static IReadOnlyList<JobTransition> All => Table;

    /// <summary>Throws where the table has no such edge: a bug, since every decision looks at the state first.</summary>
    public static void Require(JobStatus? from, JobStatus to, Mover by)
    {
        if (!Edges.Contains(new(from, to, by)))
            throw new InvalidOperationException($"No edge leads from {from?.Name() ?? "nothing"} to {to.Name()} by {by}.");
    }
}
