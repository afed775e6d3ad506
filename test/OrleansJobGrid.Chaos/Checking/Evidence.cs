using OrleansJobGrid.Chaos.Workload;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;

namespace OrleansJobGrid.Chaos.Checking;

/// <summary>All that the checker knows: what the client was told, what stands outside the grid, and what the grid says in the end.</summary>
internal sealed record Evidence
{
    public required IReadOnlyList<Acknowledgement> Acknowledged { get; init; }

    /// <summary>Submissions whose outcome nobody was told: at most so many jobs may exist beyond the acknowledged.</summary>
    public int Unanswered { get; init; }

    /// <summary>The log of the jobs in the workers' processes.</summary>
    public required IReadOnlyList<(string What, string JobId, long Epoch)> SideEffects { get; init; }

    /// <summary>The log of the service outside.</summary>
    public required IReadOnlyList<ServiceEvent> Service { get; init; }

    /// <summary>The jobs with their audit logs, those that were acknowledged and those that the grid lists beyond them.</summary>
    public required IReadOnlyDictionary<string, FinalJob> Jobs { get; init; }

    /// <summary>Sagas that were acknowledged; the number of each ends its key.</summary>
    public IReadOnlyList<Acknowledgement> AcknowledgedSagas { get; init; } = [];

    /// <summary>All sagas of the grid in the end.</summary>
    public IReadOnlyDictionary<string, Saga> Sagas { get; init; } = new Dictionary<string, Saga>();

    /// <summary>What stands at the target of the sagas' calls: the paths, in the order in which their effects came about.</summary>
    public IReadOnlyList<string> Effects { get; init; } = [];

    /// <summary>Jobs that the grid could not tell, long after the last fault, and why.</summary>
    public IReadOnlyDictionary<string, string> Unreadable { get; init; } = new Dictionary<string, string>();
}

/// <summary>A job as the grid tells it in the end.</summary>
internal sealed record FinalJob(Job Job, IReadOnlyList<JobEvent> Events);
