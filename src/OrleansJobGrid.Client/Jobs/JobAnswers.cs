using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>The answer to a submission: the job is stored.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Message">What the grid says.</param>
/// <param name="Warnings">What is odd about the job but no reason to refuse it.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record SubmitAnswer(string JobId, string? Message, IReadOnlyList<string>? Warnings, DateTimeOffset? Timestamp);

/// <summary>What became of one job of a batch.</summary>
/// <param name="Index">Its place in what was sent, from 0.</param>
/// <param name="Success">Whether it is stored.</param>
/// <param name="JobId">Its id, where it is stored.</param>
/// <param name="Error">Why not: a string or a problem object. See <see cref="ErrorMessage"/>.</param>
public sealed record BatchResult(int Index, bool Success, string? JobId, JsonElement? Error)
{
    /// <summary><see cref="Error"/> as text: the string itself, the problem's detail and fields, else its JSON; null where there is none.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? ErrorMessage => Error switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } problem => ProblemDetails.Read(problem, 0).Message,
        { } other => other.GetRawText(),
    };
}

/// <summary>The answer to an operation on a job, such as a cancel or a pause.</summary>
/// <param name="Success">Whether the request was taken.</param>
/// <param name="JobId">The job.</param>
/// <param name="Message">What the grid says.</param>
/// <param name="Job">The job now, where the grid tells.</param>
/// <param name="Timestamp">When the grid answered.</param>
public sealed record OperationAnswer(bool Success, string? JobId, string? Message, Job? Job, DateTimeOffset? Timestamp)
{
    /// <summary>The job's state now; a running job is in its old one until its worker has stopped.</summary>
    public string? Status { get; init; }
}

internal sealed record JobAnswer(Job Job, DateTimeOffset? Timestamp);

internal sealed record BatchAnswer(IReadOnlyList<BatchResult> Results);

internal sealed record EventsAnswer(IReadOnlyList<JobEvent> Events);
