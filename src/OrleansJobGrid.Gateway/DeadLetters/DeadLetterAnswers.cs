using System.ComponentModel.DataAnnotations;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.DeadLetters;

/// <summary>A page of dead letters, newest first; the cursor leads to the next page, and null says that there is none.</summary>
internal sealed record DeadLetterListAnswer(bool Success, IReadOnlyList<JobDocument> DeadLetters, string? NextCursor, IsoTime Timestamp);

/// <summary>A dead letter with its whole audit log, oldest first.</summary>
internal sealed record DeadLetterAnswer(bool Success, JobDocument Job, IReadOnlyList<JobEventDocument> Events, IsoTime Timestamp);

/// <summary>Dead letters by kind, the largest group first; truncated: there are more dead letters than the newest 5,000 that were counted.</summary>
internal sealed record DeadLetterGroupsAnswer(bool Success, IReadOnlyList<DeadLetterGroupDocument> Groups, bool Truncated, IsoTime Timestamp);

/// <summary>Dead letters of one kind. Type, reason and message are those of the example, the newest one; a time limit has no reason in the taxonomy.</summary>
internal sealed record DeadLetterGroupDocument(
    string? Fingerprint,
    string Service,
    string? FailureType,
    string? FailureReason,
    string? Message,
    int Count,
    IsoTime FirstAt,
    IsoTime LastAt,
    string ExampleJobId);

/// <summary>Which group of dead letters.</summary>
internal sealed record FingerprintDocument
{
    [RegularExpression("^[0-9a-f]{16}$")]
    public required string Fingerprint { get; init; }

    /// <summary>next_cursor of the answer before, where that had one.</summary>
    public string? Cursor { get; init; }

    /// <summary>Why; it stands in the audit log of each. Not for a purge, which leaves none.</summary>
    [StringLength(BodyField.ReasonLength, MinimumLength = 1)]
    public string? Reason { get; init; }
}

/// <summary>
/// Dead letters were put back into their queues; success: all that were tried. A cursor says that there are more: send the request again with it.
/// </summary>
internal sealed record GroupRequeueAnswer(bool Success, int Requeued, IReadOnlyList<RefusedDocument> Refused, string? NextCursor, IsoTime Timestamp);

/// <summary>Dead letters were deleted; as for a requeue.</summary>
internal sealed record GroupPurgeAnswer(bool Success, int Purged, IReadOnlyList<RefusedDocument> Refused, string? NextCursor, IsoTime Timestamp);

/// <summary>A dead letter of the group that was left as it is, and why.</summary>
internal sealed record RefusedDocument(string JobId, string Error);
