using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>A request about a job was taken: it holds already, or will when the job's worker has stopped; the message says which.</summary>
internal sealed record ControlAnswerDocument(bool Success, string JobId, string Status, string Message, IsoTime Timestamp);

/// <summary>Why somebody asks; it stands in the audit log.</summary>
internal sealed record ReasonDocument
{
    [StringLength(BodyField.ReasonLength, MinimumLength = 1)]
    public string? Reason { get; init; }
}

/// <summary>An operator's word about a job that is reconciling.</summary>
internal sealed record ResolveDocument
{
    /// <summary>completed: it was done; requeue: run it again; fail: make it a dead letter.</summary>
    [AllowedValues("completed", "requeue", "fail")]
    public required string Resolution { get; init; }

    [StringLength(BodyField.ReasonLength, MinimumLength = 1)]
    public string? Reason { get; init; }

    /// <summary>The job's result, any JSON up to 64 KB; with completed only.</summary>
    public JsonElement? Result { get; init; }
}
