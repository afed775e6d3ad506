using System.Text.Json.Serialization;

namespace OrleansJobGrid.Gateway.Problems;

/// <summary>Problem details (RFC 9457): what is wrong, and what to do about it.</summary>
internal sealed record ProblemDocument
{
    /// <summary>Which kind of problem, stable: <c>urn:jobgrid:problem:NAME</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in words.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What is wrong here, and the mend.</summary>
    public required string Detail { get; init; }

    /// <summary>Everything wrong with the input, by field.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>The job concerned, where it is known; with 503 the id to send again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? JobId { get; init; }
}
