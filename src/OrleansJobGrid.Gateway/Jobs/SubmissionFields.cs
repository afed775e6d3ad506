using System.Text;

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
    Webhook,
}

/// <summary>The names of the fields, and which one was meant by a wrong name.</summary>
internal static class SubmissionFields
{
    private static readonly string[] Names =
    [
        "", "id", "service_required", "payload", "queue", "priority", "customer_id", "workflow_id", "workflow_priority",
        "workflow_datetime", "deadline", "max_retries", "retry", "timeout_seconds", "timeout_minutes", "stall_timeout_seconds",
        "queue_timeout_seconds", "idempotent", "on_unknown", "not_before", "metadata", "requirements", "webhook",
    ];

    private static readonly byte[][] Utf8Names = [.. Names.Select(Encoding.UTF8.GetBytes)];

    private static readonly string[] RetryNames = ["base_delay", "max_delay", "multiplier"];

    /// <summary>What people write for <c>service_required</c>.</summary>
    private static readonly string[] ServiceWords = ["service", "service_type", "service_name", "job_type", "type", "worker"];

    /// <summary>Names that are taken now; the two others are refused with their own words.</summary>
    public static IEnumerable<string> Taken => Names[1..^2];

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
        var meant = ServiceWords.Contains(name, StringComparer.OrdinalIgnoreCase) ? SubmissionField.ServiceRequired.Name() : Closest(name, Taken);
        return meant is not null
            ? $"is not a field of a job: did you mean '{meant}'?"
            : "is not a field of a job: leave it out, or put it into metadata or payload";
    }

    public static string UnknownOfRetry(string name) =>
        Closest(name, RetryNames) is { } meant
            ? $"is not a field of retry: did you mean '{meant}'?"
            : "is not a field of retry: it has base_delay, max_delay and multiplier";

    private static string? Closest(string name, IEnumerable<string> candidates)
    {
        if (name.Length > 40)
            return null;
        var plain = Plain(name);
        var (best, distance) = candidates.Select(c => (c, Distance(plain, Plain(c)))).MinBy(c => c.Item2);
        return distance <= Math.Min(2, best.Length / 3) ? best : null;
    }

    // maxRetries, max-retries and MAX_RETRIES all mean max_retries.
    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    // Levenshtein's distance, by rows.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? diagonal : diagonal + 1;
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
