using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>How an attempt failed, with what was known at that moment; sizes in MB. What is not known is <c>null</c>.</summary>
internal sealed record FailureReportDocument
{
    /// <summary>transient, resource_exhaustion, malformed, refused, unauthorized, rate_limited or missing_here: decides about another attempt.</summary>
    public required string FailureClass { get; init; }

    /// <summary>Type in the taxonomy, such as resource_limit.</summary>
    public required string FailureType { get; init; }

    /// <summary>Reason in the taxonomy, such as gpu_memory_full.</summary>
    public required string FailureReason { get; init; }
    public required string Message { get; init; }

    /// <summary>What a rate-limited service asked for.</summary>
    public long? RetryAfterMs { get; init; }
    public long DurationMs { get; init; }
    public string? ExceptionType { get; init; }
    public string? Stack { get; init; }

    /// <summary>prepare, submit, run, fetch, or the service's own word.</summary>
    public string? Stage { get; init; }

    /// <summary>What the service answered with, such as 503.</summary>
    public int? ExternalStatus { get; init; }

    /// <summary>The service instance that it failed at.</summary>
    public string? Instance { get; init; }
    public long? GpuMemoryUsedMb { get; init; }
    public long? GpuMemoryTotalMb { get; init; }
    public long? SystemMemoryUsedMb { get; init; }
    public long? SystemMemoryTotalMb { get; init; }
    public string? ModelLoaded { get; init; }
    public long? EstimatedSizeMb { get; init; }

    /// <summary>What else is known, by name.</summary>
    public required IReadOnlyDictionary<string, string> Hints { get; init; }

    /// <summary>The last lines that the service wrote, where its worker supervises it.</summary>
    public string? ServiceLog { get; init; }

    public static FailureReportDocument? Of(FailureReport? f) => f is null ? null : new()
    {
        FailureClass = f.FailureClass,
        FailureType = f.FailureType,
        FailureReason = f.FailureReason,
        Message = f.Message,
        RetryAfterMs = f.RetryAfterMs,
        DurationMs = f.DurationMs,
        ExceptionType = f.ExceptionType,
        Stack = f.Stack,
        Stage = f.Stage,
        ExternalStatus = f.ExternalStatus,
        Instance = f.Instance,
        GpuMemoryUsedMb = f.GpuMemoryUsedMb,
        GpuMemoryTotalMb = f.GpuMemoryTotalMb,
        SystemMemoryUsedMb = f.SystemMemoryUsedMb,
        SystemMemoryTotalMb = f.SystemMemoryTotalMb,
        ModelLoaded = f.ModelLoaded,
        EstimatedSizeMb = f.EstimatedSizeMb,
        Hints = f.Hints,
        ServiceLog = f.ServiceLog,
    };
}
