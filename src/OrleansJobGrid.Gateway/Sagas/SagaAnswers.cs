using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Sagas;

/// <summary>One saga.</summary>
internal sealed record SagaAnswerDocument(bool Success, RawJson Saga, IsoTime Timestamp);

/// <summary>A page of sagas, newest first; the cursor leads to the next page, and null says that there is none.</summary>
internal sealed record SagaListAnswer(bool Success, IReadOnlyList<RawJson> Sagas, string? NextCursor, IsoTime Timestamp);

/// <summary>What became of a request about a saga.</summary>
internal sealed record SagaControlAnswer(bool Success, string SagaId, string? Status, string Message, IsoTime Timestamp);

/// <summary>The events of a saga, oldest first.</summary>
internal sealed record SagaEventsAnswer(bool Success, IReadOnlyList<SagaEventDocument> Events, IsoTime Timestamp);

/// <summary>Something that happened in a saga; <c>unit</c> is the entry of its step's <c>for_each</c>, from 0.</summary>
internal sealed record SagaEventDocument(long Sequence, string Type, IsoTime At, string? Step, int? Unit, int Try, string? Reason)
{
    public static SagaEventDocument Of(SagaEventView e) => new(e.Sequence, e.Type, new(e.At), e.Step, e.Unit, e.Try, e.Reason);
}

/// <summary>A registered definition.</summary>
internal sealed record SagaDefinitionAnswer(bool Success, string Name, int Version, IsoTime RegisteredAt, RawJson? Definition, IsoTime Timestamp);

/// <summary>All registered definitions, each with its newest version.</summary>
internal sealed record SagaDefinitionListAnswer(bool Success, IReadOnlyList<SagaDefinitionItem> Definitions, string? NextCursor, IsoTime Timestamp);

/// <summary>A registered definition without its text.</summary>
internal sealed record SagaDefinitionItem(string Name, int Version, IsoTime RegisteredAt);
