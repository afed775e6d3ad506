using System.Text.Json.Nodes;

namespace OrleansJobGrid.Client;

/// <summary>A job to submit. Only <see cref="ServiceRequired"/> is needed; the grid checks every field and names the one that is wrong.</summary>
public sealed record JobSubmission
{
    /// <summary>The service that does it, such as <c>imaging</c>, <c>process</c> or <c>simulation</c>.</summary>
    public required string ServiceRequired { get; init; }

    /// <summary>The service's own input, a JSON object, inline up to 128 KB; larger input travels as an artefact.</summary>
    public JsonNode? Payload { get; init; }

    /// <summary>The job's id, 1 to 128 of <c>A-Za-z0-9._:-</c>; null: the grid or the client gives one.</summary>
    public string? Id { get; init; }

    /// <summary>The queue; null: <c>default</c>.</summary>
    public string? Queue { get; init; }

    /// <summary>0 to 100, higher first; null: 50.</summary>
    public int? Priority { get; init; }

    /// <summary>What a worker must have or must not have, a JSON object.</summary>
    public JsonNode? Requirements { get; init; }

    /// <summary><c>low</c>, <c>normal</c>, <c>high</c> or <c>critical</c>: a word for the grid's priority policy, where no priority is given.</summary>
    public string? Urgency { get; init; }

    /// <summary>Whose job it is.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The workflow that it belongs to.</summary>
    public string? WorkflowId { get; init; }

    /// <summary>Priority of the workflow, in place of the job's own; 0 to 100.</summary>
    public int? WorkflowPriority { get; init; }

    /// <summary>Time of the workflow, which orders its jobs in place of the submission's time. ISO 8601 or Unix milliseconds in JSON.</summary>
    public DateTimeOffset? WorkflowDatetime { get; init; }

    /// <summary>When the job ends as <c>timeout</c> at the latest.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Attempts after the first, 0 and more; null: the limit of the failure's class.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Pauses between attempts; null: those of the failure's class.</summary>
    public JobRetry? Retry { get; init; }

    /// <summary>Longest time of one attempt in minutes; give this or <see cref="TimeoutSeconds"/>; null: the service's own.</summary>
    public double? TimeoutMinutes { get; init; }

    /// <summary>Longest time of one attempt in seconds.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>A job of the same service whose checkpoint this one begins with; null: it begins at the beginning.</summary>
    public string? ResumeJobId { get; init; }

    /// <summary>Longest time of a running attempt without progress in seconds; null: the service's own, which may be none.</summary>
    public double? StallTimeoutSeconds { get; init; }

    /// <summary>Longest time in the queue in seconds; null: 7 days.</summary>
    public double? QueueTimeoutSeconds { get; init; }

    /// <summary>Whether running it twice does no harm, which lets a lost attempt be run again where nobody can be asked.</summary>
    public bool? Idempotent { get; init; }

    /// <summary><c>fail</c> or <c>rerun</c>: what to do when nobody can say what became of an attempt.</summary>
    public string? OnUnknown { get; init; }

    /// <summary>Not to be started before this.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Where to report the end, a URL or an object as the grid documents it.</summary>
    public JsonNode? Webhook { get; init; }

    /// <summary>Kept with the job and given back, a JSON object.</summary>
    public JsonNode? Metadata { get; init; }
}

/// <summary>Pauses between attempts: <c>base_delay × multiplier^(attempt - 1)</c>, at most <c>max_delay</c>.</summary>
/// <param name="BaseDelay">First pause, seconds.</param>
/// <param name="MaxDelay">Longest pause, seconds.</param>
/// <param name="Multiplier">Growth, 1 and more.</param>
public sealed record JobRetry(double? BaseDelay = null, double? MaxDelay = null, double? Multiplier = null);
