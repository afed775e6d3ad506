namespace OrleansJobGrid.Contracts.Operations;

/// <summary>What operators ask: workers, queues, health.</summary>
[Alias("jobgrid.IGridOperationsGrain"), GrainInterfaceType("jobgrid.operations")]
public interface IGridOperationsGrain : IGrainWithIntegerKey
{
    [Alias("Workers")] Task<IReadOnlyList<WorkerView>> Workers();

    [Alias("Queues")] Task<IReadOnlyList<QueueSummary>> Queues();

    /// <summary>The names of all queues that ever held a job, from the store alone: no queue need answer.</summary>
    [Alias("QueueNames")] Task<IReadOnlyList<string>> QueueNames();

    [Alias("Health")] Task<GridHealth> Health();
}

/// <summary>A worker as it is shown; times are Unix ms.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.WorkerView")]
public sealed record WorkerView
{
    [Id(0)] public required string WorkerId { get; init; }
    [Id(1)] public required string Node { get; init; }
    [Id(2)] public required IReadOnlyList<string> Services { get; init; }
    [Id(3)] public required int Slots { get; init; }
    [Id(4)] public required IReadOnlyList<string> Jobs { get; init; }

    /// <summary><c>active</c>, <c>draining</c>, <c>lost</c> (its lease ended) or <c>ended</c>.</summary>
    [Id(5)] public required string State { get; init; }
    [Id(6)] public required long LeaseExpiresAt { get; init; }
    [Id(7)] public required long StartedAt { get; init; }
    [Id(8)] public required string Version { get; init; }
    [Id(9)] public required string SessionId { get; init; }

    /// <summary>Instances of services outside, with the breaker where it is not closed.</summary>
    [Id(10)] public IReadOnlyList<InstanceView> Instances { get; init; } = [];
}

/// <summary>A service instance as it is shown; no breaker: closed.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.InstanceView")]
public sealed record InstanceView(
    [property: Id(0)] string Instance, [property: Id(1)] string Service, [property: Id(2)] bool OnThisMachine, [property: Id(3)] Workers.BreakerView? Breaker);

/// <summary>A queue in the list.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.QueueSummary")]
public sealed record QueueSummary([property: Id(0)] string Name, [property: Id(1)] long Depth, [property: Id(2)] int WaitingWorkers);

/// <summary>The grid's health. <paramref name="Reasons"/> say what is wrong and what to do.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.GridHealth")]
public sealed record GridHealth(
    [property: Id(0)] string Status,
    [property: Id(1)] IReadOnlyList<string> Reasons,
    [property: Id(2)] StoreHealth Store);

/// <summary>The store as its check found it.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StoreHealth")]
public sealed record StoreHealth(
    [property: Id(0)] string Kind,
    [property: Id(1)] string Where,
    [property: Id(2)] string Durability,
    [property: Id(3)] IReadOnlyList<StoreSetting> Findings);

/// <summary>A setting of the store's server; a null warning: fine.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.StoreSetting")]
public sealed record StoreSetting([property: Id(0)] string Setting, [property: Id(1)] string Value, [property: Id(2)] string? Warning);
