using Orleans.Concurrency;

namespace OrleansJobGrid.Contracts.Sagas;

/// <summary>One saga; its key is the saga's id. It alone decides what becomes of the saga; the store compares and applies.</summary>
[Alias("jobgrid.ISagaGrain"), GrainInterfaceType("jobgrid.saga")]
public interface ISagaGrain : IGrainWithStringKey
{
    /// <summary>Begins the saga. The same submission again is the same saga.</summary>
    [Alias("Begin")] Task<SagaAnswer> Begin(SagaSubmission submission);

    /// <summary>A signal from outside, such as an approval. <paramref name="payload"/>: UTF-8 JSON; null: none.</summary>
    [Alias("Signal")] Task<SagaAnswer> Signal(string name, byte[]? payload);

    /// <summary>Asks for its end, undoing what was started or not. Durable.</summary>
    [Alias("Cancel")] Task<SagaAnswer> Cancel(bool compensate, string reason);

    /// <summary>Starts nothing more until it is resumed; what runs goes on.</summary>
    [Alias("Pause")] Task<SagaAnswer> Pause(string reason);

    /// <summary>Goes on.</summary>
    [Alias("Resume")] Task<SagaAnswer> Resume(string reason);

    /// <summary>Does failed steps anew, and only those; null: all that failed. Of a saga that is parked in its undoing, the undoing that failed.</summary>
    [Alias("Retry")] Task<SagaAnswer> Retry(string? step, string reason);

    /// <summary>An operator's word that an undoing which failed is not needed, or was done by hand.</summary>
    [Alias("SkipUndo")] Task<SagaAnswer> SkipUndo(string step, string reason);

    /// <summary>A job or a child that it began is over. Lost, it is found out by the saga's own look.</summary>
    [OneWay, Alias("WorkEnded")] Task WorkEnded(string workId);

    /// <summary>An HTTP call that this activation made is over.</summary>
    [Alias("CallEnded")] Task CallEnded(string key, SagaCallEnd end);

    /// <summary>Something of this saga is due by the store's clock.</summary>
    [Alias("OnDue")] Task OnDue();

    /// <summary>The saga as it is now, or as soon as it differs from what the caller saw; after <paramref name="wait"/> in any case. Null: there is no such saga.</summary>
    [AlwaysInterleave, Alias("Watch")] Task<SagaView?> Watch(long seenVersion, TimeSpan wait);
}

/// <summary>Reads sagas without activating them, and keeps definitions.</summary>
[Alias("jobgrid.ISagaCatalogGrain"), GrainInterfaceType("jobgrid.saga-catalog")]
public interface ISagaCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>A page of sagas, newest first.</summary>
    /// <param name="status">Only these, by the wire name; null: all.</param>
    /// <param name="name">Only those of this definition; null: all.</param>
    /// <param name="cursor">Of the page before; null: the first.</param>
    /// <param name="limit">1 to 500.</param>
    [Alias("List")] Task<SagaPage> List(string? status, string? name, string? cursor, int limit);

    /// <summary>The events of a saga from a number on, oldest first; null: there is no such saga.</summary>
    [Alias("Events")] Task<IReadOnlyList<SagaEventView>?> Events(string sagaId, long from);

    /// <summary>Registers a definition under the next version of its name; the newest one again is the same version.</summary>
    /// <param name="definition">As JSON; it was checked.</param>
    [Alias("Register")] Task<SagaDefinitionView> Register(string definition);

    /// <summary>A registered definition; <paramref name="version"/> null: the newest. Null: there is none.</summary>
    [Alias("Definition")] Task<SagaDefinitionView?> Definition(string name, int? version);

    /// <summary>All registered definitions, each with its newest version.</summary>
    [Alias("Definitions")] Task<IReadOnlyList<SagaDefinitionView>> Definitions();
}

/// <summary>A saga as submitted.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaSubmission")]
public sealed record SagaSubmission
{
    /// <summary>A definition as JSON; null: a registered one is meant.</summary>
    [Id(0)] public string? Definition { get; init; }

    /// <summary>Name of a registered definition; null: it comes along.</summary>
    [Id(1)] public string? Name { get; init; }

    /// <summary>Its version; null: the newest.</summary>
    [Id(2)] public int? Version { get; init; }

    /// <summary>UTF-8 JSON; null: none.</summary>
    [Id(3)] public byte[]? Input { get; init; }
    [Id(4)] public string? CustomerId { get; init; }

    /// <summary>Hash of the body as submitted: decides between a replay and a conflict.</summary>
    [Id(5)] public required string BodyHash { get; init; }

    /// <summary>The saga that it is a child of; null: none.</summary>
    [Id(6)] public string? ParentId { get; init; }

    /// <summary>The key of the parent's unit.</summary>
    [Id(7)] public string? ParentKey { get; init; }

    /// <summary>How many sagas it lies in.</summary>
    [Id(8)] public int Depth { get; init; }
}

/// <summary>Limits of sagas.</summary>
public static class SagaLimits
{
    /// <summary>Characters of an id, of <c>A-Za-z0-9._:-</c>.</summary>
    public const int IdLength = 100;

    /// <summary>Bytes of an input or a signal's payload.</summary>
    public const int InputBytes = 64 << 10;
}

/// <summary>The answer to a request about a saga.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Status">The saga's state now, by its wire name; null: there is no such saga.</param>
/// <param name="Message">In words.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaAnswer")]
public sealed record SagaAnswer([property: Id(0)] SagaOutcome Outcome, [property: Id(1)] string? Status, [property: Id(2)] string Message);

/// <summary>What became of a request about a saga.</summary>
public enum SagaOutcome
{
    /// <summary>Written.</summary>
    Accepted = 1,

    /// <summary>The same submission stands already.</summary>
    Replayed = 2,

    /// <summary>There is no such saga, or no such definition.</summary>
    NotFound = 3,

    /// <summary>Its state does not allow it, or another submission stands under its id.</summary>
    Refused = 4,
}

/// <summary>How an HTTP call of a saga ended.</summary>
/// <param name="Output">UTF-8 JSON; null: none.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
/// <param name="Final">Another try would fail alike.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaCallEnd")]
public sealed record SagaCallEnd([property: Id(0)] byte[]? Output, [property: Id(1)] string? Error, [property: Id(2)] bool Final);

/// <summary>A saga as it is shown.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Raised by every change.</param>
/// <param name="Status">Its state, by its wire name.</param>
/// <param name="IsOver">Whether it changes no more.</param>
/// <param name="Document">The whole as UTF-8 JSON.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaView")]
public sealed record SagaView(
    [property: Id(0)] string Id, [property: Id(1)] long Version, [property: Id(2)] string Status, [property: Id(3)] bool IsOver, [property: Id(4)] byte[] Document);

/// <summary>A page of sagas.</summary>
/// <param name="Sagas">Newest first.</param>
/// <param name="NextCursor">Of the next page; null: there is none.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaPage")]
public sealed record SagaPage([property: Id(0)] IReadOnlyList<SagaView> Sagas, [property: Id(1)] string? NextCursor);

/// <summary>Something that happened in a saga.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaEventView")]
public sealed record SagaEventView(
    [property: Id(0)] long Sequence, [property: Id(1)] string Type, [property: Id(2)] long At, [property: Id(3)] string? Step, [property: Id(4)] int? Unit,
    [property: Id(5)] int Try, [property: Id(6)] string? Reason);

/// <summary>A registered definition.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version, from 1.</param>
/// <param name="RegisteredAt">Unix ms.</param>
/// <param name="Definition">As JSON.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SagaDefinitionView")]
public sealed record SagaDefinitionView([property: Id(0)] string Name, [property: Id(1)] int Version, [property: Id(2)] long RegisteredAt, [property: Id(3)] string Definition);
