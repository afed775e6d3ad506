using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>A saga as the grid shows it. What the grid did not send is null.</summary>
public sealed record Saga
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The name of its definition.</summary>
    public string? Name { get; init; }

    /// <summary>The registered version of its definition; null: it came with the submission.</summary>
    public int? Version { get; init; }

    /// <summary>One of <see cref="SagaStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>Nothing is started until it is resumed.</summary>
    public bool? Paused { get; init; }

    /// <summary>Why it is undone, parked or ended without success.</summary>
    public string? Reason { get; init; }

    /// <summary>Whose it is.</summary>
    public string? CustomerId { get; init; }

    /// <summary>The saga that it is a child of.</summary>
    public string? ParentId { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it must be over.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>What it was given.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>What it brought.</summary>
    public JsonElement? Output { get; init; }

    /// <summary>Its steps, in the order of the definition.</summary>
    public IReadOnlyList<SagaStep> Steps { get; init; } = [];
}

/// <summary>A step of a saga.</summary>
public sealed record SagaStep
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary><c>job</c>, <c>http</c>, <c>signal</c>, <c>delay</c> or <c>saga</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Steps that come before it.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary><c>pending</c>, <c>running</c>, <c>completed</c>, <c>failed</c> or <c>skipped</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Why it failed or was skipped.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it is done for each entry of a list.</summary>
    public bool? ForEach { get; init; }

    /// <summary>Whether it can be undone.</summary>
    public bool? Compensates { get; init; }

    /// <summary>Its starts.</summary>
    public IReadOnlyList<SagaUnit> Units { get; init; } = [];
}

/// <summary>One start of a step.</summary>
public sealed record SagaUnit
{
    /// <summary><c>pending</c>, <c>running</c>, <c>retrying</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Tries so far.</summary>
    public int? Tries { get; init; }

    /// <summary>The entry of the list.</summary>
    public JsonElement? Item { get; init; }

    /// <summary>Id of the job or child saga of the last try.</summary>
    public string? WorkId { get; init; }

    /// <summary>When the last try began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it was over.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When its delay, its time or its pause before the next try is over.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Why the last try failed.</summary>
    public string? Error { get; init; }

    /// <summary>What it brought.</summary>
    public JsonElement? Output { get; init; }

    /// <summary><c>running</c>, <c>retrying</c>, <c>done</c>, <c>failed</c> or <c>skipped</c>: its undoing; null: none was begun.</summary>
    public string? Undo { get; init; }

    /// <summary>Why its undoing failed.</summary>
    public string? UndoError { get; init; }
}

/// <summary>States of a saga.</summary>
public static class SagaStatus
{
    /// <summary>Under way.</summary>
    public const string Running = "running";

    /// <summary>What it did is being undone.</summary>
    public const string Compensating = "compensating";

    /// <summary>It waits for an operator, and says why.</summary>
    public const string Parked = "parked";

    /// <summary>For good: it came to its end.</summary>
    public const string Completed = "completed";

    /// <summary>For good: what it did is undone.</summary>
    public const string Compensated = "compensated";

    /// <summary>For good: cancelled, and nothing undone.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>For good: it failed, and nothing was there to undo.</summary>
    public const string Failed = "failed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Running, Compensating, Parked, Completed, Compensated, Cancelled, Failed];

    /// <summary>Whether it changes no more.</summary>
    public static bool IsOver(string status) => status is Completed or Compensated or Cancelled or Failed;
}

/// <summary>A page of sagas, newest first.</summary>
/// <param name="Sagas">The sagas.</param>
/// <param name="NextCursor">Of the next page; null: there is none.</param>
public sealed record SagaPage(IReadOnlyList<Saga> Sagas, string? NextCursor);

/// <summary>Something that happened in a saga.</summary>
/// <param name="Sequence">From 1, without gaps.</param>
/// <param name="Type">What.</param>
/// <param name="At">When.</param>
/// <param name="Step">Where; null: the whole.</param>
/// <param name="Unit">The entry of its list, from 0; null: it has none.</param>
/// <param name="Try">The try; 0: none.</param>
/// <param name="Reason">Why.</param>
public sealed record SagaEvent(long Sequence, string Type, DateTimeOffset At, string? Step, int? Unit, int? Try, string? Reason);

/// <summary>A registered definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="RegisteredAt">When.</param>
public sealed record SagaDefinitionInfo(string Name, int Version, DateTimeOffset RegisteredAt);

/// <summary>All registered definitions, each with its newest version.</summary>
/// <param name="Definitions">By name.</param>
public sealed record SagaDefinitionList(IReadOnlyList<SagaDefinitionInfo> Definitions);

/// <summary>The answer to a request about a saga.</summary>
/// <param name="SagaId">The saga.</param>
/// <param name="Status">Its state now.</param>
/// <param name="Message">In words.</param>
public sealed record SagaAnswer(string SagaId, string? Status, string? Message);

internal sealed record SagaEnvelope(Saga Saga);

internal sealed record SagaEventsEnvelope(IReadOnlyList<SagaEvent> Events);

internal sealed record SagaStepBody(string? Step, string? Reason);

internal sealed record SagaCancelBody(string Undo, string? Reason);
