namespace OrleansJobGrid.Contracts.Queues;

/// <summary>Jobs taken out of a queue's view for a claim, in order; empty when the wait ended.</summary>
/// <param name="Jobs">The jobs. Each is to be started and settled.</param>
/// <param name="NeedsCapabilities">The queue does not know the claim's key: claim again with the capabilities themselves.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ReservedJobs")]
public sealed record ReservedJobs([property: Id(0)] IReadOnlyList<ReservedJob> Jobs, [property: Id(1)] bool NeedsCapabilities = false)
{
    /// <summary>Why the claim cannot be answered; null: it was.</summary>
    [Id(2)] public string? Fault { get; init; }

    /// <summary>None.</summary>
    public static ReservedJobs None { get; } = new([]);
}

/// <summary>A job that nobody else is offered until it is settled.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Reservation">By which it is settled.</param>
/// <param name="EnvelopeMb">GPU memory that it is taken to need, MB; null: not known.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ReservedJob")]
public readonly record struct ReservedJob([property: Id(0)] string JobId, [property: Id(1)] Guid Reservation, [property: Id(2)] long? EnvelopeMb);

/// <summary>What became of the start of a reserved job.</summary>
public enum StartOutcome
{
    /// <summary>It was granted.</summary>
    Granted = 1,

    /// <summary>It is not to be had any more, and leaves the view.</summary>
    Gone = 2,

    /// <summary>It was not its fault, such as a session that has ended or a store that is not there: others are offered it at once.</summary>
    Again = 3,

    /// <summary>It may be the job itself, such as a record that cannot be read: others are offered it in a while.</summary>
    Faulted = 4,
}

/// <summary>Settles a reservation.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Reservation">The reservation; one that has run out is not changed.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Epoch">The grant's, where there is one.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.Settlement")]
public readonly record struct Settlement(
    [property: Id(0)] string JobId, [property: Id(1)] Guid Reservation, [property: Id(2)] StartOutcome Outcome, [property: Id(3)] long Epoch = 0);
