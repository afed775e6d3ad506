using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>A worker's GPU; memory in MB of 1,048,576 bytes.</summary>
/// <param name="Uuid">Its id, as its driver names it.</param>
/// <param name="Name">Its name.</param>
/// <param name="Architecture">Such as <c>ada</c>.</param>
/// <param name="Driver">The driver's version.</param>
/// <param name="MemoryTotalMb">All memory.</param>
/// <param name="MemoryFreeMb">Free memory.</param>
/// <param name="UtilizationPercent">0 to 100; null: the driver does not tell.</param>
/// <param name="TemperatureCelsius">Degrees; null: the driver does not tell.</param>
/// <param name="Processes">Processes that use it.</param>
/// <param name="Fault">Why the figures are old or missing; null: they are of now.</param>
/// <param name="Gone">No work can run there, and the worker claims nothing until it is back.</param>
public sealed record WorkerGpu(
    string Uuid, string? Name, string? Architecture, string? Driver, long MemoryTotalMb, long MemoryFreeMb, int? UtilizationPercent, int? TemperatureCelsius,
    int Processes, string? Fault, bool Gone = false);

/// <summary>The answer to a request about a worker.</summary>
/// <param name="WorkerId">The worker.</param>
/// <param name="Message">What holds now.</param>
public sealed record WorkerControl(string WorkerId, string Message);

/// <summary>Models and custom nodes.</summary>
/// <param name="Models">One entry a model or node.</param>
public sealed record ModelList(IReadOnlyList<GridModel> Models);

/// <summary>A model or custom node.</summary>
/// <param name="Kind"><c>model</c> or <c>custom_node</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Workers">Registered workers that have it.</param>
/// <param name="LoadedOn">Of these, where it is loaded now.</param>
/// <param name="WaitingJobs">Jobs that wait and need it.</param>
/// <param name="LackedBy">Of these, jobs that no live worker can take for want of it.</param>
public sealed record GridModel(string Kind, string Name, IReadOnlyList<string> Workers, IReadOnlyList<string> LoadedOn, long WaitingJobs, long LackedBy);

/// <summary>What waits, by capability class.</summary>
/// <param name="Demand">One entry a class.</param>
public sealed record DemandList(IReadOnlyList<GridDemand> Demand);

/// <summary>What waits for one class of workers.</summary>
/// <param name="Class">Its name.</param>
/// <param name="Jobs">Jobs that wait.</param>
/// <param name="WorkSeconds">Their work, seconds of one slot.</param>
/// <param name="OldestSeconds">The oldest wait.</param>
/// <param name="Workers">Live workers that can serve it.</param>
/// <param name="WantedWorkers">Workers that would start all of it within the target wait.</param>
public sealed record GridDemand(string Class, long Jobs, double WorkSeconds, double OldestSeconds, int Workers, int WantedWorkers)
{
    /// <summary>Jobs that wait in paused queues, which no other figure counts.</summary>
    public long PausedJobs { get; init; }
}

/// <summary>Why a job is where it is. What is not known, or does not apply, is null.</summary>
public sealed record JobWhy
{
    /// <summary>The job.</summary>
    public required string JobId { get; init; }

    /// <summary>One of <see cref="JobStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>For a person: why, and what ends it.</summary>
    public required string Summary { get; init; }

    /// <summary>Whether some registered worker can do it.</summary>
    public bool Workable { get; init; }

    /// <summary>How many workers there are, and how many of them could do it.</summary>
    public JobWhyWorkers? Workers { get; init; }

    /// <summary>What keeps workers from it, each counted once.</summary>
    public IReadOnlyList<JobWhyClause>? Clauses { get; init; }

    /// <summary>Its place among the jobs that its workers could take, from 1.</summary>
    public long? Position { get; init; }

    /// <summary>Counting ended at that place.</summary>
    public bool? PositionIsAtLeast { get; init; }

    /// <summary>Work before it, seconds of one slot.</summary>
    public double? SecondsAhead { get; init; }

    /// <summary>Run time of jobs like it.</summary>
    public JobWhyRun? Run { get; init; }

    /// <summary>GPU memory that it is taken to need.</summary>
    public JobWhyEnvelope? Envelope { get; init; }

    /// <summary>What keeps its customer's jobs back now.</summary>
    public string? CustomerHeld { get; init; }

    /// <summary>Since when its queue is paused; null: it gives out jobs.</summary>
    public DateTimeOffset? QueuePausedSince { get; init; }

    /// <summary>Why its queue is paused.</summary>
    public string? QueuePauseReason { get; init; }

    /// <summary>Why workers that wait and match do not take it now.</summary>
    public IReadOnlyList<JobWhyNotNow>? NotNow { get; init; }

    /// <summary>When it may start, seconds from now.</summary>
    public JobWhyStart? Start { get; init; }
}

/// <summary>Workers registered; of these live; of these able; of these with a free slot.</summary>
public sealed record JobWhyWorkers(int Registered, int Live, int Matching, int Free);

/// <summary>Workers that one clause keeps from the job, with up to 5 of their ids.</summary>
public sealed record JobWhyClause(string Clause, int Workers, string Detail, IReadOnlyList<string>? Examples);

/// <summary>Run time of jobs like it, seconds.</summary>
public sealed record JobWhyRun(
    [property: JsonPropertyName("p50_seconds")] double? P50Seconds, [property: JsonPropertyName("p90_seconds")] double? P90Seconds, int Measured);

/// <summary>GPU memory that it is taken to need, and where that comes from: <c>requirements</c>, <c>learned</c> or <c>out_of_memory</c>.</summary>
public sealed record JobWhyEnvelope(long GpuMemoryMb, string? Source);

/// <summary>Workers that do not take it now, and why.</summary>
public sealed record JobWhyNotNow(string Reason, int Workers);

/// <summary>Its start, seconds from now: as likely before as after, and with nine chances in ten.</summary>
public sealed record JobWhyStart(
    [property: JsonPropertyName("p50_seconds")] double? P50Seconds, [property: JsonPropertyName("p90_seconds")] double? P90Seconds);
