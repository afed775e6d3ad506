using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary><c>GET health</c>.</summary>
internal sealed record RestHealth(string? Boot);

/// <summary><c>POST jobs</c>.</summary>
internal sealed record RestJob(string Id, string JobId, int Attempt, JsonElement Payload);

/// <summary><c>POST jobs/query</c>.</summary>
internal sealed record RestQuestion(IReadOnlyList<string> Ids);

/// <summary>The answer to <c>POST jobs/query</c>; an id that is not known is not there.</summary>
internal sealed record RestStates(string? Boot, IReadOnlyDictionary<string, RestState>? Jobs);

/// <summary>A job as the service has it.</summary>
internal sealed record RestState(
    SubmissionState State, double? Progress, string? Message, JsonElement? Result, RestError? Error, IReadOnlyList<RestOutput>? Outputs) : IOutsideWork
{
    [JsonIgnore]
    public FailedResult? Failure => State == SubmissionState.Failed ? RestFailures.Of(Error) : null;
}

/// <summary>How something failed.</summary>
internal sealed record RestError(string? Type, string? Message, int? Status);

/// <summary>The body of an answer that is no success.</summary>
internal sealed record RestProblem(RestError? Error);

/// <summary>A file that a job made; its address is relative to the instance's.</summary>
internal sealed record RestOutput(string Name, string Url);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RestHealth))]
[JsonSerializable(typeof(RestJob))]
[JsonSerializable(typeof(RestQuestion))]
[JsonSerializable(typeof(RestStates))]
[JsonSerializable(typeof(RestProblem))]
internal sealed partial class RestJson : JsonSerializerContext;
