using System.Text;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>The top-level fields of a submission.</summary>
internal enum SubmissionField
{
    Unknown,
    Id,
    ServiceRequired,
    Payload,
    Queue,
    Priority,
    CustomerId,
    WorkflowId,
    WorkflowPriority,
    WorkflowDatetime,
    Deadline,
    MaxRetries,
    Retry,
    TimeoutSeconds,
    TimeoutMinutes,
    StallTimeoutSeconds,
    QueueTimeoutSeconds,
    Idempotent,
    OnUnknown,
    NotBefore,
    Metadata,
    Requirements,
    Urgency,
    ResumeJobId,
    Webhook,
}

/// <summary>The names of the fields, and which one was meant by a wrong name.</summary>
internal static class SubmissionFields
{
    private static readonly string[] Names =
    [
        "", "id", "service_required", "payload", "queue", "priority", "customer_id", "workflow_id", "workflow_priority",
        "workflow_datetime", "deadline", "max_retries", "retry", "timeout_seconds", "timeout_minutes", "stall_timeout_seconds",
        "queue_timeout_seconds", "idempotent", "on_unknown", "not_before", "metadata", "requirements", "urgency", "resume_job_id", "webhook",
    ];

    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    private static readonly string[] RetryNames = ["base_delay", "max_delay", "multiplier"];

    /// <summary>What people write for <c>service_required</c>.</summary>
    private static readonly string[] ServiceWords = ["service", "service_type", "service_name", "job_type", "type", "worker"];

    /// <summary>Names that are taken now; the last one is refused with its own words.</summary>
    public static IEnumerable<string> Taken => Names[1..^1];

    public static string Name(this SubmissionField field) => Names[(int)field];

    public static SubmissionField Find(ReadOnlySpan<byte> name)
    {
        for (var i = 1; i < Utf8Names.Length; i++)
            if (name.SequenceEqual(Utf8Names[i]))
                return (SubmissionField)i;
        return SubmissionField.Unknown;
    }

    /// <summary>What is wrong with an unknown name, with the one that was probably meant.</summary>
    public static string Unknown(string name)
    {
        var meant = ServiceWords.Contains(name, StringComparer.OrdinalIgnoreCase) ? SubmissionField.ServiceRequired.Name() : ClosestName.Of(name, Taken);
        return meant is not null
            ? $"is not a field of a job: did you mean '{meant}'?"
            : "is not a field of a job: leave it out, or put it into metadata or payload";
    }

    public static string UnknownOfRetry(string name) =>
        ClosestName.Of(name, RetryNames) is { } meant
            ? $"is not a field of retry: did you mean '{meant}'?"
            : "is not a field of retry: it has base_delay, max_delay and multiplier";
}
