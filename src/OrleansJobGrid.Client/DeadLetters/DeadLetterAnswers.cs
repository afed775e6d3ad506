using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Client;

/// <summary>A dead letter: a job that failed or ran out of time, with its whole audit log, oldest first.</summary>
/// <param name="Job">The job.</param>
/// <param name="Events">Its audit log.</param>
public sealed record DeadLetter(Job Job, IReadOnlyList<JobEvent> Events);

/// <summary>A page of dead letters.</summary>
/// <param name="DeadLetters">The jobs, newest first.</param>
/// <param name="NextCursor">Where the next page begins; null: this was the last.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record DeadLetterPage(IReadOnlyList<Job> DeadLetters, string? NextCursor, DateTimeOffset? Timestamp);

/// <summary>Dead letters by kind.</summary>
/// <param name="Groups">The largest group first.</param>
/// <param name="Truncated">Whether there are more dead letters than the newest 5,000, which were counted.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record DeadLetterGroups(IReadOnlyList<DeadLetterGroup> Groups, bool Truncated, DateTimeOffset? Timestamp);

/// <summary>Dead letters of one kind.</summary>
/// <param name="Fingerprint">What they have in common.</param>
/// <param name="Service">The service.</param>
/// <param name="FailureType">Type in the taxonomy.</param>
/// <param name="FailureReason">Reason in the taxonomy.</param>
/// <param name="Message">Of the newest one.</param>
/// <param name="Count">How many.</param>
/// <param name="FirstAt">When the first of them ended.</param>
/// <param name="LastAt">When the last of them ended.</param>
/// <param name="ExampleJobId">One of them, the newest.</param>
public sealed record DeadLetterGroup(
    string? Fingerprint,
    string? Service,
    string? FailureType,
    string? FailureReason,
    string? Message,
    int Count,
    DateTimeOffset? FirstAt,
    DateTimeOffset? LastAt,
    string? ExampleJobId)
{
    /// <summary>All other fields under their JSON names.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? More { get; set; }
}

/// <summary>What became of the requeue of a group.</summary>
/// <param name="Requeued">How many are back in their queues.</param>
/// <param name="Refused">Those that are not, and why.</param>
/// <param name="NextCursor">There are more: go on from here. Null: all were tried.</param>
public sealed record GroupRequeue(int Requeued, IReadOnlyList<RefusedJob> Refused, string? NextCursor);

/// <summary>What became of the purge of a group.</summary>
/// <param name="Purged">How many are deleted.</param>
/// <param name="Refused">Those that are not, and why.</param>
/// <param name="NextCursor">There are more: go on from here. Null: all were tried.</param>
public sealed record GroupPurge(int Purged, IReadOnlyList<RefusedJob> Refused, string? NextCursor);

/// <summary>A job that was left as it is.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Error">Why.</param>
public sealed record RefusedJob(string JobId, string? Error);

internal sealed record ReasonBody(string Reason);

internal sealed record ResolveBody(string Resolution, string? Reason, JsonElement? Result);

internal sealed record GroupBody(string Fingerprint, string? Cursor, string? Reason);
