using Orleans.Concurrency;

namespace OrleansJobGrid.Grains.Recovery;

/// <summary>
/// One instance of a service outside; its key is the instance's id. Asks it about submissions whose owner is lost, through a live worker
/// that has it: many questions in one query, one query at a time, at most five a second, each bounded at 5 s.
/// </summary>
[Alias("jobgrid.IServiceInstanceGrain"), GrainInterfaceType("jobgrid.instance")]
public interface IServiceInstanceGrain : IGrainWithStringKey
{
    /// <summary>Asks, and tells each job what was found. A question that is lost comes again with the wheel.</summary>
    [OneWay, AlwaysInterleave, Alias("Ask")] Task Ask(IReadOnlyList<InstanceQuestion> questions);
}

/// <summary>A job asks about one of its submissions.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Version">Its version: the answer holds for this one only.</param>
/// <param name="ExternalId">The submission's mark.</param>
/// <param name="Node">The machine that the instance lives on; null: none of the workers'.</param>
/// <param name="Cancel">It is to be stopped where it waits or runs.</param>
/// <param name="ServiceId">The service's own id of it; null: none is on record.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.InstanceQuestion")]
public sealed record InstanceQuestion(
    [property: Id(0)] string JobId, [property: Id(1)] long Version, [property: Id(2)] string ExternalId, [property: Id(3)] string? Node, [property: Id(4)] bool Cancel,
    [property: Id(5)] string? ServiceId = null);
