using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A job as submitted. Describes the body for the OpenAPI document; <see cref="JobSubmissionReader"/> reads it.</summary>
internal sealed record JobSubmissionDocument
{
    /// <summary>Fixes the id; the same body again under the same id is a replay. Absent: made by the grid.</summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,128}$")]
    public string? Id { get; init; }

    /// <summary>The service that must do it.</summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,128}$")]
    public required string ServiceRequired { get; init; }

    /// <summary>The service's input, any JSON up to 128 KB; larger inputs are uploaded with POST /api/artefacts and named here.</summary>
    public required JsonElement Payload { get; init; }

    /// <summary>The queue.</summary>
    [DefaultValue("default"), RegularExpression("^[A-Za-z0-9._:-]{1,128}$")]
    public string? Queue { get; init; }

    /// <summary>Higher first.</summary>
    [DefaultValue(50), Range(0, 100)]
    public int? Priority { get; init; }

    [StringLength(256, MinimumLength = 1)]
    public string? CustomerId { get; init; }

    [StringLength(256, MinimumLength = 1)]
    public string? WorkflowId { get; init; }

    /// <summary>Takes the place of the priority.</summary>
    [Range(0, 100)]
    public int? WorkflowPriority { get; init; }

    /// <summary>Orders within a priority before the time of submission. ISO 8601 with its zone, or Unix ms.</summary>
    public DateTimeOffset? WorkflowDatetime { get; init; }

    /// <summary>Not completed by then, the job ends as timeout. ISO 8601 with its zone, or Unix ms.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts are this + 1; absent: the limit of the failure's class.</summary>
    [Range(0, 1000)]
    public int? MaxRetries { get; init; }

    /// <summary>The job's own backoff, delays in seconds; what it leaves out is 1 s, 300 s and 2.</summary>
    public RetryDocument? Retry { get; init; }

    /// <summary>Longest attempt from its start, above 0; absent: the service's default. Not together with timeout_minutes.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>The same in minutes.</summary>
    public double? TimeoutMinutes { get; init; }

    /// <summary>Longest time of a running attempt without progress, above 0; absent: the service's default, which may be none.</summary>
    public double? StallTimeoutSeconds { get; init; }

    /// <summary>A job of the same service, failed or cancelled mostly, whose checkpoint this one begins with.</summary>
    public string? ResumeJobId { get; init; }

    /// <summary>Longest wait for a start, above 0; absent: 7 days.</summary>
    public double? QueueTimeoutSeconds { get; init; }

    /// <summary>Whether the work may be run twice without harm.</summary>
    [DefaultValue(false)]
    public bool? Idempotent { get; init; }

    /// <summary>fail or rerun: what to do when nobody can say what became of an attempt.</summary>
    [AllowedValues("fail", "rerun", null)]
    public string? OnUnknown { get; init; }

    /// <summary>Not to be started earlier. ISO 8601 with its zone, or Unix ms.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>What it asks of its worker beside the service; what is left out asks for nothing.</summary>
    public JobRequirements? Requirements { get; init; }

    /// <summary>A word for the priority policy, where one is on and no priority is given.</summary>
    [AllowedValues("low", "normal", "high", "critical", null)]
    public string? Urgency { get; init; }

    /// <summary>The submitter's own, up to 16 KB, returned as it is.</summary>
    public Dictionary<string, JsonElement>? Metadata { get; init; }
}

/// <summary>A backoff as submitted: the first and the longest delay in seconds, and the growth from one to the next.</summary>
internal sealed record RetryDocument
{
    [DefaultValue(1d), Range(0d, 604_800d)]
    public double? BaseDelay { get; init; }

    [DefaultValue(300d), Range(0d, 604_800d)]
    public double? MaxDelay { get; init; }

    [DefaultValue(2d), Range(1d, 10d)]
    public double? Multiplier { get; init; }
}
