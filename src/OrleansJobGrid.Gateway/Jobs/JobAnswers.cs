using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A job was taken; a warning says what may keep it from starting.</summary>
internal sealed record SubmitAnswer(bool Success, string JobId, string Message, IReadOnlyList<string> Warnings, IsoTime Timestamp);

/// <summary>A batch was taken; <c>success</c>: all of it.</summary>
internal sealed record BatchAnswer(bool Success, IReadOnlyList<BatchItem> Results, IsoTime Timestamp);

/// <summary>What became of one job of a batch. Where it was refused for its form it has no id.</summary>
internal sealed record BatchItem(int Index, bool Success, string? JobId, string? Error)
{
    /// <summary>What may keep it from starting.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Warning { get; init; }
}

/// <summary>One job.</summary>
internal sealed record JobAnswer(bool Success, JobDocument Job, IsoTime Timestamp);

/// <summary>A page of jobs, newest first; the cursor leads to the next page, and null says that there is none.</summary>
internal sealed record JobListAnswer(bool Success, IReadOnlyList<JobDocument> Jobs, string? NextCursor, IsoTime Timestamp);

/// <summary>The audit log of a job, oldest first.</summary>
internal sealed record JobEventsAnswer(bool Success, IReadOnlyList<JobEventDocument> Events, string? NextCursor, IsoTime Timestamp);

/// <summary>An entry of the audit log; a failed attempt has its whole report.</summary>
internal sealed record JobEventDocument(
    long Sequence,
    string Type,
    IsoTime At,
    string? From,
    string? To,
    int Attempt,
    long Epoch,
    string? WorkerId,
    string? Reason,
    FailureReportDocument? Failure)
{
    public static JobEventDocument Of(JobEventView e) => new(
        e.Sequence, e.Type, new IsoTime(e.At), e.From, e.To, e.Attempt, e.Epoch, e.WorkerId, e.Reason, FailureReportDocument.Of(e.Failure));
}

/// <summary>What a completed job brought.</summary>
internal sealed record JobResultAnswer(bool Success, string JobId, string Status, RawJson Result, IReadOnlyList<OutputDocument> Outputs, IsoTime Timestamp);

/// <summary>Progress of a job, 0 to 100.</summary>
internal sealed record JobProgressDocument(string JobId, double Progress, string? Message);

/// <summary>An unfinished picture of a job, its bytes in base64.</summary>
internal sealed record JobPreviewDocument(string JobId, string ContentType, ReadOnlyMemory<byte> Data);
