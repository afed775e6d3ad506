using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>How an attempt failed, with what was known at that moment. Null: not known.</summary>
public sealed record FailureReport
{
    /// <summary>Decides about another attempt, such as <c>transient</c>.</summary>
    public string? FailureClass { get; init; }

    /// <summary>Type in the taxonomy, such as <c>resource_limit</c>.</summary>
    public string? FailureType { get; init; }

    /// <summary>Reason in the taxonomy, such as <c>gpu_memory_full</c>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>For a person.</summary>
    public string? Message { get; init; }

    /// <summary>What a rate-limited service asked for, ms.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>How long the attempt took, ms.</summary>
    public long? DurationMs { get; init; }

    /// <summary>Type of the exception, the worker's or the service's.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>Where it was thrown, shortened.</summary>
    public string? Stack { get; init; }

    /// <summary>What the attempt was at, such as <c>submit</c>.</summary>
    public string? Stage { get; init; }

    /// <summary>Status that the service answered with, such as 503.</summary>
    public int? ExternalStatus { get; init; }

    /// <summary>The service instance that it failed at.</summary>
    public string? Instance { get; init; }

    /// <summary>GPU memory in use, MB.</summary>
    public long? GpuMemoryUsedMb { get; init; }

    /// <summary>GPU memory in all, MB.</summary>
    public long? GpuMemoryTotalMb { get; init; }

    /// <summary>Memory of the machine in use, MB.</summary>
    public long? SystemMemoryUsedMb { get; init; }

    /// <summary>Memory of the machine in all, MB.</summary>
    public long? SystemMemoryTotalMb { get; init; }

    /// <summary>The model that was loaded.</summary>
    public string? ModelLoaded { get; init; }

    /// <summary>Estimated size of the job, MB of memory.</summary>
    public long? EstimatedSizeMb { get; init; }

    /// <summary>What else is known, by name.</summary>
    public IReadOnlyDictionary<string, string>? Hints { get; init; }

    /// <summary>The last lines that the service wrote, where its worker supervises it.</summary>
    public string? ServiceLog { get; init; }

    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}
