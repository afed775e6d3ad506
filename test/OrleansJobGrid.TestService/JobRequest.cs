using System.Text.Json;

namespace OrleansJobGrid.TestService;

/// <summary>A post: <c>{"id", "job_id", "attempt", "payload"}</c>.</summary>
internal sealed record JobRequest(string Id, string JobId, int Attempt, JobPayload? Payload);

/// <summary>What a job is to do.</summary>
internal sealed record JobPayload
{
    /// <summary>How long the work takes, ms.</summary>
    public int DurationMs { get; init; }

    /// <summary>How often progress changes.</summary>
    public int Steps { get; init; } = 10;

    /// <summary>Name of a small file that it makes, whose content names job and external id; null: none.</summary>
    public string? Output { get; init; }

    /// <summary>How it fails; null: it does not.</summary>
    public JobFailure? Failure { get; init; }
}

/// <summary>How a job fails.</summary>
internal sealed record JobFailure
{
    /// <summary>As of HTTP; null: none is told.</summary>
    public int? Status { get; init; }

    public string Type { get; init; } = "error";

    public string Message { get; init; } = "Asked for by payload.failure.";

    /// <summary>In its first so many executions of this job; default: in all.</summary>
    public int Times { get; init; } = int.MaxValue;
}

/// <summary>A question: <c>{"ids": […]}</c>.</summary>
internal sealed record JobsQuestion(IReadOnlyList<string> Ids);

/// <summary>What became of a job, as it is told.</summary>
internal sealed record JobAnswer(
    string State, double Progress, string? Message, JsonElement? Result, JobError? Error, IReadOnlyList<JobOutput> Outputs);

internal sealed record JobError(string Type, string Message, int? Status);

internal sealed record JobOutput(string Name, string Url);

internal sealed record JobsAnswer(string Boot, IReadOnlyDictionary<string, JobAnswer> Jobs);

internal sealed record HealthAnswer(string Boot);
