namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>Reads jobs from the store, without activating them.</summary>
[Alias("jobgrid.IJobQueryGrain"), GrainInterfaceType("jobgrid.query")]
public interface IJobQueryGrain : IGrainWithIntegerKey
{
    /// <summary>A job with its live progress; null: there is none.</summary>
    [Alias("Get")] Task<JobView?> Get(string jobId);

    /// <summary>The audit log, oldest first; null: there is no such job.</summary>
    [Alias("Events")] Task<IReadOnlyList<JobEventView>?> Events(string jobId);

    /// <summary>Why the job is where it is; null: there is no such job.</summary>
    [Alias("Why")] Task<JobWhy?> Why(string jobId);

    /// <summary>A page of jobs, newest first.</summary>
    [Alias("List")] Task<JobPage> List(JobFilter filter);

    /// <summary>The grid's figures.</summary>
    [Alias("Metrics")] Task<GridMetrics> Metrics();
}

/// <summary>Which jobs to list; absent fields do not restrict.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobFilter")]
public sealed record JobFilter
{
    [Id(0)] public JobStatus? Status { get; init; }
    [Id(1)] public string? Service { get; init; }
    [Id(2)] public string? CustomerId { get; init; }
    [Id(3)] public string? WorkflowId { get; init; }

    /// <summary>A prefix of the id; such a list is in the order of ids.</summary>
    [Id(4)] public string? IdPrefix { get; init; }

    /// <summary>1 to 500.</summary>
    [Id(5)] public int Limit { get; init; } = 50;

    /// <summary>From <see cref="JobPage.NextCursor"/>.</summary>
    [Id(6)] public string? Cursor { get; init; }

    /// <summary>Dead letters only.</summary>
    [Id(7)] public bool DeadLetters { get; init; }

    /// <summary>Dead letters of this <see cref="JobView.Fingerprint"/> only.</summary>
    [Id(8)] public string? Fingerprint { get; init; }
}

/// <summary>A page; a cursor without jobs means that the search goes on (it reads at most 5,000 entries a call).</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.JobPage")]
public sealed record JobPage([property: Id(0)] IReadOnlyList<JobView> Jobs, [property: Id(1)] string? NextCursor);

/// <summary>Figures of the grid; <see cref="Completed"/> and <see cref="Failed"/> counted since the store was made.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.GridMetrics")]
public sealed record GridMetrics
{
    [Id(0)] public long QueueDepth { get; init; }
    [Id(1)] public long Running { get; init; }
    [Id(2)] public long Retrying { get; init; }
    [Id(3)] public long Completed { get; init; }
    [Id(4)] public long Failed { get; init; }
    [Id(5)] public long DeadLetters { get; init; }
    [Id(6)] public long Workers { get; init; }
    [Id(7)] public double OldestQueuedSeconds { get; init; }
    [Id(8)] public double AvgProcessingMs { get; init; }

    /// <summary>Upper bound of the bucket that holds the 95th percentile; buckets grow by a factor of 1.5.</summary>
    [Id(9)] public double P95ProcessingMs { get; init; }

    [Id(10)] public long Cancelled { get; init; }
    [Id(11)] public long TimedOut { get; init; }
    [Id(12)] public long Reconciling { get; init; }
    [Id(13)] public long Paused { get; init; }
}
