using Orleans.Concurrency;

namespace OrleansJobGrid.Grains.Time;

/// <summary>Keeps the time of one shard; its key is the shard's number. Holds nothing: what is due stands in the store.</summary>
[Alias("jobgrid.IWheelGrain"), GrainInterfaceType("jobgrid.wheel")]
public interface IWheelGrain : IGrainWithIntegerKey
{
    /// <summary>Wakes what is due, unless a pass just ran. Every silo pokes every wheel each second.</summary>
    [OneWay, Alias("Poke")] Task Poke();

    /// <summary>Jobs whose due call keeps throwing, with why; they are tried again after ever longer pauses, hourly at last.</summary>
    [AlwaysInterleave, Alias("Stuck")] Task<IReadOnlyDictionary<string, string>> Stuck();
}
