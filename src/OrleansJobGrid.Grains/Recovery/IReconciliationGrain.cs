namespace OrleansJobGrid.Grains.Recovery;

/// <summary>Brings one ended session to rest; its key is the session's id. Idempotent, and repeated by every watcher until it is done.</summary>
[Alias("jobgrid.IReconciliationGrain"), GrainInterfaceType("jobgrid.reconciliation")]
public interface IReconciliationGrain : IGrainWithStringKey
{
    /// <summary>Marks the session as ended, decides about each job that is leased to it, and removes it.</summary>
    [Alias("End")] Task End(string reason);
}
