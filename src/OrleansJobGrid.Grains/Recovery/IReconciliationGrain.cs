namespace OrleansJobGrid.Grains.Recovery;

/// <summary>Brings one ended session to rest; its key is the session's id. Idempotent, and repeated by every watcher until it is done.</summary>
[Alias("jobgrid.IReconciliationGrain"), GrainInterfaceType("jobgrid.reconciliation")]
public interface IReconciliationGrain : IGrainWithStringKey
{
    /// <summary>Marks the session as ended, lets each job that is leased to it decide what follows, and removes it.</summary>
    [Alias("End")] Task End(SessionEndCause cause, string reason);
}

/// <summary>Why a session is over.</summary>
public enum SessionEndCause
{
    /// <summary>Its worker said farewell.</summary>
    Left = 1,

    /// <summary>Its worker's process is known dead: nothing of it leaves any more.</summary>
    ProcessDead = 2,

    /// <summary>Its lease ran out.</summary>
    LeaseEnded = 3,

    /// <summary>Its lease ran out while the store or the grid was away, which is nobody's fault.</summary>
    Outage = 4,
}
