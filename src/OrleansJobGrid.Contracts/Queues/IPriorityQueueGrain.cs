using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Contracts.Queues;

/// <summary>
/// One named queue: a view in memory of the store's ready entries, which it can rebuild at any time and never writes. Two
/// activations for a moment are harmless, since <see cref="IJobGrain.TryStart"/> decides who gets a job.
/// </summary>
[Alias("jobgrid.IPriorityQueueGrain"), GrainInterfaceType("jobgrid.queue")]
public interface IPriorityQueueGrain : IGrainWithStringKey
{
    /// <summary>Grants up to <see cref="ClaimRequest.Max"/> jobs, in order, waiting for the first one.</summary>
    [AlwaysInterleave, Alias("Claim")] Task<ClaimAnswer> Claim(ClaimRequest request);

    /// <summary>Ends the wait of a claim. A claim that was answered already is not undone.</summary>
    [AlwaysInterleave, OneWay, Alias("Forget")] Task Forget(Guid claimId);

    /// <summary>Entries that came or went. A lost hint loses nothing: the view compares itself with the store.</summary>
    [AlwaysInterleave, OneWay, Alias("Hint")] Task Hint(Immutable<IReadOnlyList<ReadyHint>> hints);

    /// <summary>The queue as it is now.</summary>
    [AlwaysInterleave, Alias("Describe")] Task<QueueView> Describe();

    /// <summary>The place of a queued job among those of its queue, from 1; null: not in the view.</summary>
    [AlwaysInterleave, Alias("Position")] Task<long?> Position(string jobId);
}

/// <summary>A worker asks for work.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ClaimRequest")]
public sealed record ClaimRequest
{
    [Id(0)] public required Guid ClaimId { get; init; }
    [Id(1)] public required string WorkerId { get; init; }
    [Id(2)] public required string SessionId { get; init; }

    /// <summary>The services that it can do.</summary>
    [Id(3)] public required IReadOnlyList<string> Services { get; init; }

    /// <summary>1 to 100.</summary>
    [Id(4)] public int Max { get; init; } = 1;

    /// <summary>How long to wait for the first job, 0 to 20 s.</summary>
    [Id(5)] public TimeSpan Wait { get; init; }

    /// <summary>Instances of services outside that it can use now; one whose breaker is open is not among them.</summary>
    [Id(6)] public IReadOnlyList<string> Instances { get; init; } = [];
}

/// <summary>The jobs granted, in order; empty when the wait ended.</summary>
/// <param name="Grants">The jobs.</param>
/// <param name="Uncertain">A start failed beside them, and may have been written all the same: look at the session's leases.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ClaimAnswer")]
public sealed record ClaimAnswer([property: Id(0)] IReadOnlyList<JobGrant> Grants, [property: Id(1)] bool Uncertain = false)
{
    public static ClaimAnswer None { get; } = new([]);
}

/// <summary>A ready entry that came (<see cref="Enters"/>) or went.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ReadyHint")]
public readonly record struct ReadyHint(
    [property: Id(0)] bool Enters,
    [property: Id(1)] int Shard,
    [property: Id(2)] string JobId,
    [property: Id(3)] long Number,
    [property: Id(4)] int Priority,
    [property: Id(5)] long Time,
    [property: Id(6)] long Sequence,
    [property: Id(7)] string Signature,
    [property: Id(8)] string Customer);

/// <summary>A queue as it is shown.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Depth">Jobs ready.</param>
/// <param name="WaitingWorkers">Claims that wait.</param>
/// <param name="Signatures">Depth by requirement, for those with jobs.</param>
/// <param name="Rescans">How often a shard was read again since the activation.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.QueueView")]
public sealed record QueueView(
    [property: Id(0)] string Name,
    [property: Id(1)] long Depth,
    [property: Id(2)] int WaitingWorkers,
    [property: Id(3)] IReadOnlyDictionary<string, long> Signatures,
    [property: Id(4)] long Rescans);
