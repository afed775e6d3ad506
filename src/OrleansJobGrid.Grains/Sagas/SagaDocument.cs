using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>A saga as it is shown.</summary>
internal sealed record SagaDocument
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public int? Version { get; init; }
    public required string Status { get; init; }
    public bool Paused { get; init; }
    public string? Reason { get; init; }
    public string? CustomerId { get; init; }
    public string? ParentId { get; init; }
    public required string CreatedAt { get; init; }
    public required string Deadline { get; init; }
    public string? FinishedAt { get; init; }
    public JsonNode? Input { get; init; }
    public JsonNode? Output { get; init; }
    public required IReadOnlyList<SagaStepDocument> Steps { get; init; }

    public static SagaView ViewOf(string id, long version, SagaRun run, SagaDefinition definition)
    {
        var document = new SagaDocument
        {
            Id = id,
            Name = definition.Name,
            Version = run.Version,
            Status = run.Status.Name(),
            Paused = run.Paused,
            Reason = run.Reason,
            CustomerId = run.CustomerId,
            ParentId = run.Parent?.SagaId,
            CreatedAt = Time(run.CreatedAt)!,
            Deadline = Time(run.Deadline)!,
            FinishedAt = Time(run.FinishedAt),
            Input = run.Input,
            Output = run.Output,
            Steps = [.. run.Steps.Select((s, i) => SagaStepDocument.Of(id, s, definition.Steps[i]))],
        };
        return new(id, version, document.Status, run.IsOver, JsonSerializer.SerializeToUtf8Bytes(document, SagaDocumentJson.Default.SagaDocument));
    }

    internal static string? Time(long? ms) => ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : null;
}

/// <summary>A step as it is shown.</summary>
internal sealed record SagaStepDocument
{
    public required string Name { get; init; }

    /// <summary>The word of the definition.</summary>
    public required string Kind { get; init; }
    public required IReadOnlyList<string> Needs { get; init; }
    public required string Status { get; init; }
    public string? Error { get; init; }

    /// <summary>Whether it is done for each entry of a list.</summary>
    public bool ForEach { get; init; }
    public bool Compensates { get; init; }
    public required IReadOnlyList<SagaUnitDocument> Units { get; init; }

    public static SagaStepDocument Of(string sagaId, StepRun step, SagaStep definition) => new()
    {
        Name = step.Name,
        Kind = definition.Action.GetType().Name.ToLowerInvariant(),
        Needs = definition.Needs,
        Status = step.Status.ToString().ToLowerInvariant(),
        Error = step.Error,
        ForEach = definition.ForEach is not null,
        Compensates = definition.Compensate is not null,
        Units = [.. step.Units.Select((u, i) => SagaUnitDocument.Of(sagaId, step.Name, i, u, definition))],
    };
}

/// <summary>One start of a step as it is shown.</summary>
internal sealed record SagaUnitDocument
{
    public required string Status { get; init; }
    public int Tries { get; init; }
    public JsonNode? Item { get; init; }

    /// <summary>Id of the job or child saga of the last try.</summary>
    public string? WorkId { get; init; }
    public string? StartedAt { get; init; }
    public string? EndedAt { get; init; }

    /// <summary>When its delay, its time or its pause before the next try is over.</summary>
    public string? DueAt { get; init; }
    public string? Error { get; init; }
    public JsonNode? Output { get; init; }

    /// <summary>State of its undoing; absent: none was begun.</summary>
    public string? Undo { get; init; }
    public string? UndoError { get; init; }

    public static SagaUnitDocument Of(string sagaId, string step, int index, UnitRun unit, SagaStep definition) => new()
    {
        Status = unit.Status.ToString().ToLowerInvariant(),
        Tries = unit.Try,
        Item = unit.Item,
        WorkId = unit.Try > 0 && definition.Action is StepAction.Job or StepAction.Saga ? SagaWorkIds.Of(sagaId, new(step, index, false, unit.Try)) : null,
        StartedAt = SagaDocument.Time(unit.StartedAt),
        EndedAt = SagaDocument.Time(unit.EndedAt),
        DueAt = SagaDocument.Time(unit.DueAt),
        Error = unit.Error,
        Output = unit.Output,
        Undo = unit.Undo?.Status.ToString().ToLowerInvariant(),
        UndoError = unit.Undo?.Error,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SagaDocument))]
internal sealed partial class SagaDocumentJson : JsonSerializerContext;
