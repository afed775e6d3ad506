using Orleans.Concurrency;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Contracts.Queues;

/// <summary>
/// One named queue: a view in memory of the store's ready entries, which it can rebuild at any time and never writes. Two
/// activations for a moment are harmless, since <see cref="IJobGrain.TryStart"/> decides who gets a job.
/// </summary>
[Alias("jobgrid.IPriorityQueueGrain"), GrainInterfaceType("jobgrid.queue")]
public interface IPriorityQueueGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes up to <see cref="ClaimRequest.Max"/> jobs out of the view, in order, waiting for the first one. Whoever asked starts them
    /// (<see cref="IJobGrain.TryStart"/>) and settles each; one that is not settled within 10 s is offered to others again.
    /// </summary>
    [AlwaysInterleave, Alias("Reserve")] Task<ReservedJobs> Reserve(ClaimRequest request);

    /// <summary>The same for many claims, in their order, each on its own. None waits.</summary>
    [AlwaysInterleave, Alias("ReserveNow")] Task<IReadOnlyList<ReservedJobs>> ReserveNow(Immutable<IReadOnlyList<ClaimRequest>> claims);

    /// <summary>What became of reserved jobs.</summary>
    [AlwaysInterleave, OneWay, Alias("Settle")] Task Settle(Immutable<IReadOnlyList<Settlement>> settlements);

    /// <summary>Ends the wait of a claim. A claim that was answered already is not undone.</summary>
    [AlwaysInterleave, OneWay, Alias("Forget")] Task Forget(Guid claimId);

    /// <summary>Entries that came or went. A lost hint loses nothing: the view compares itself with the store.</summary>
    [AlwaysInterleave, OneWay, Alias("Hint")] Task Hint(Immutable<IReadOnlyList<ReadyHint>> hints);

    /// <summary>Jobs that this queue granted and that are held no more. A lost word is made up for by a comparison with the store.</summary>
    [AlwaysInterleave, OneWay, Alias("Ended")] Task Ended(Immutable<IReadOnlyList<EndedHint>> hints);

    /// <summary>Jobs of a customer that wait here now.</summary>
    [AlwaysInterleave, Alias("Queued")] Task<long> Queued(string customer);

    /// <summary>What the queue knows of the wait of a job; null: it is not in the view.</summary>
    [AlwaysInterleave, Alias("Wait")] Task<QueueWait?> Wait(string jobId);

    /// <summary>What waits here, by requirement.</summary>
    [AlwaysInterleave, Alias("Demand")] Task<IReadOnlyList<BucketDemand>> Demand();

    /// <summary>The queue as it is now.</summary>
    [AlwaysInterleave, Alias("Describe")] Task<QueueView> Describe();

    /// <summary>The place of a queued job among those of its queue, from 1; null: not in the view.</summary>
    [AlwaysInterleave, Alias("Position")] Task<long?> Position(string jobId);

    /// <summary>The queue was paused or resumed: what stands in the store holds here when this returns. A lost word is made up for within a second.</summary>
    [AlwaysInterleave, Alias("PauseChanged")] Task PauseChanged();
}

/// <summary>A worker asks for work.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ClaimRequest")]
public sealed record ClaimRequest
{
    /// <summary>By which its wait is ended; empty: it does not wait.</summary>
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

    /// <summary>Hash of <see cref="Capabilities"/>; empty: it declares nothing beside its services.</summary>
    [Id(7)] public string CapabilitiesKey { get; init; } = "";

    /// <summary>What it can do, as <see cref="WorkerCapabilities"/>' text; left out on the way to a queue that knows the key.</summary>
    [Id(8)] public string? Capabilities { get; init; }

    /// <summary>What is true of it now.</summary>
    [Id(9)] public ClaimFacts Facts { get; init; } = ClaimFacts.None;
}

/// <summary>The jobs granted, in order; empty when the wait ended.</summary>
/// <param name="Grants">The jobs.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.ClaimAnswer")]
public sealed record ClaimAnswer([property: Id(0)] IReadOnlyList<JobGrant> Grants)
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

/// <summary>How a granted job left its worker.</summary>
public enum EndedKind
{
    /// <summary>Completed.</summary>
    Completed = 1,

    /// <summary>Out of GPU memory.</summary>
    OutOfMemory = 2,

    /// <summary>In any other way.</summary>
    Other = 3,
}

/// <summary>A granted job that is held no more.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Epoch">The last grant's.</param>
/// <param name="Customer">Its customer, or empty.</param>
/// <param name="Signature">The text of its requirement's signature at the grant.</param>
/// <param name="Kind">How it ended.</param>
/// <param name="RunMs">From its start to its end.</param>
/// <param name="GpuMemoryMb">The most GPU memory that it took, or that an attempt out of memory had to itself; null: not known.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.EndedHint")]
public readonly record struct EndedHint(
    [property: Id(0)] string JobId,
    [property: Id(1)] long Epoch,
    [property: Id(2)] string Customer,
    [property: Id(3)] string Signature,
    [property: Id(4)] EndedKind Kind,
    [property: Id(5)] long RunMs,
    [property: Id(6)] long? GpuMemoryMb);

/// <summary>What a queue knows of the wait of a job.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.QueueWait")]
public sealed record QueueWait
{
    /// <summary>Its place among the jobs that its workers could take, from 1.</summary>
    [Id(0)] public required long Position { get; init; }

    /// <summary>Counting ended here: the place is this or a later one.</summary>
    [Id(1)] public bool PositionIsAtLeast { get; init; }

    /// <summary>Work before it, in seconds of one slot, as far as runtimes were measured.</summary>
    [Id(2)] public double SecondsAhead { get; init; }

    /// <summary>Run time of jobs like it, seconds: the middle one and the 90th percentile; null: none was measured yet.</summary>
    [Id(3)] public double? RunP50Seconds { get; init; }
    [Id(4)] public double? RunP90Seconds { get; init; }

    /// <summary>How many runs these were measured from.</summary>
    [Id(5)] public int Measured { get; init; }

    /// <summary>GPU memory that it is taken to need, MB, and where that comes from: <c>requirements</c>, <c>learned</c> or <c>out_of_memory</c>.</summary>
    [Id(6)] public long? EnvelopeMb { get; init; }
    [Id(7)] public string? EnvelopeSource { get; init; }

    /// <summary>What keeps its customer's jobs back now, such as a cap that is reached; null: nothing.</summary>
    [Id(8)] public string? CustomerHeld { get; init; }

    /// <summary>Why workers that wait here and match do not take it now, such as too little free memory; with how many of them.</summary>
    [Id(9)] public IReadOnlyDictionary<string, int> NotNow { get; init; } = new Dictionary<string, int>();

    /// <summary>The pause of its queue; null: the queue gives out jobs.</summary>
    [Id(10)] public QueuePause? Pause { get; init; }
}

/// <summary>A queue gives out no jobs: what was granted goes on, submissions are taken, and every clock runs.</summary>
/// <param name="Since">Unix ms.</param>
/// <param name="Reason">Why, for a person.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.QueuePause")]
public sealed record QueuePause([property: Id(0)] long Since, [property: Id(1)] string Reason);

/// <summary>Jobs of one requirement that wait.</summary>
/// <param name="Signature">The requirement's text.</param>
/// <param name="Jobs">How many.</param>
/// <param name="OldestAt">The oldest one's time, Unix ms.</param>
/// <param name="RunP50Seconds">Middle run time of such jobs; null: none was measured yet.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.BucketDemand")]
public sealed record BucketDemand(
    [property: Id(0)] string Signature, [property: Id(1)] long Jobs, [property: Id(2)] long OldestAt, [property: Id(3)] double? RunP50Seconds)
{
    /// <summary>Where they wait.</summary>
    [Id(4)] public string Queue { get; init; } = JobSubmissionLimits.DefaultQueue;

    /// <summary>Labels that the queue asks of workers.</summary>
    [Id(5)] public IReadOnlyList<string> QueueLabels { get; init; } = [];

    /// <summary>Whether the queue is paused, so that no worker would help.</summary>
    [Id(6)] public bool Paused { get; init; }
}
