namespace OrleansJobGrid.Contracts.Jobs;

/// <summary>How an attempt failed, with what was known at that moment. Absent: not known.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.FailureReport")]
public sealed record FailureReport
{
    /// <summary>Decides whether and where it is tried again: one of <see cref="FailureClasses"/>.</summary>
    [Id(0)] public required string FailureClass { get; init; }

    /// <summary>Type in the taxonomy, such as <c>resource_limit</c>.</summary>
    [Id(1)] public required string FailureType { get; init; }

    /// <summary>Reason in the taxonomy, such as <c>gpu_memory_full</c>.</summary>
    [Id(2)] public required string FailureReason { get; init; }

    /// <summary>For a person.</summary>
    [Id(3)] public required string Message { get; init; }

    /// <summary>What a rate-limited service asked for, ms.</summary>
    [Id(4)] public long? RetryAfterMs { get; init; }

    /// <summary>How long the attempt took, ms.</summary>
    [Id(5)] public long DurationMs { get; init; }

    /// <summary>Type of the exception, the worker's or the service's.</summary>
    [Id(6)] public string? ExceptionType { get; init; }

    /// <summary>Where it was thrown, shortened to 8 KB.</summary>
    [Id(7)] public string? Stack { get; init; }

    /// <summary>What the attempt was at: <c>prepare</c>, <c>submit</c>, <c>run</c>, <c>fetch</c>, or the connector's own word.</summary>
    [Id(8)] public string? Stage { get; init; }

    /// <summary>Status that the service answered with, such as 503.</summary>
    [Id(9)] public int? ExternalStatus { get; init; }

    /// <summary>The service instance that it failed at.</summary>
    [Id(10)] public string? Instance { get; init; }

    /// <summary>GPU memory in use and in all, MB.</summary>
    [Id(11)] public long? GpuMemoryUsedMb { get; init; }
    [Id(12)] public long? GpuMemoryTotalMb { get; init; }

    /// <summary>Memory of the machine in use and in all, MB.</summary>
    [Id(13)] public long? SystemMemoryUsedMb { get; init; }
    [Id(14)] public long? SystemMemoryTotalMb { get; init; }

    /// <summary>The model that was loaded.</summary>
    [Id(15)] public string? ModelLoaded { get; init; }

    /// <summary>Estimated size of the job, MB of memory.</summary>
    [Id(16)] public long? EstimatedSizeMb { get; init; }

    /// <summary>What else the connector knows, by name.</summary>
    [Id(17)] public IReadOnlyDictionary<string, string> Hints { get; init; } = new Dictionary<string, string>();

    /// <summary>GPU memory that was free for the attempt when it was claimed, MB; null: not known.</summary>
    [Id(18)] public long? GpuMemoryGivenMb { get; init; }

    /// <summary>The GPU that it ran on.</summary>
    [Id(19)] public string? Gpu { get; init; }

    /// <summary>The last lines that the service wrote, at most 16 KB; null: the worker does not see them.</summary>
    [Id(20)] public string? ServiceLog { get; init; }
}

/// <summary>Classes of failure, each with its rule of retry.</summary>
public static class FailureClasses
{
    /// <summary>May pass by itself: backoff, 5 attempts.</summary>
    public const string Transient = "transient";

    /// <summary>Not enough memory or room: at once elsewhere, 3 attempts.</summary>
    public const string ResourceExhaustion = "resource_exhaustion";

    /// <summary>The job is wrong: never again.</summary>
    public const string Malformed = "malformed";

    /// <summary>The service will not do this: never again.</summary>
    public const string Refused = "refused";

    /// <summary>The credentials are wrong: never again.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>Too many requests: as the service said.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>This instance lacks something that the job needs, a model or a node: at once at another one.</summary>
    public const string MissingHere = "missing_here";
}
