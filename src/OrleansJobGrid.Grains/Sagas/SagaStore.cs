using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Sagas.Definitions;
using OrleansJobGrid.Sagas.Planning;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>
/// How a saga lies in the store: as a record beside those of jobs, with a log, index entries and a place in the wheel as they have. Its id has a prefix
/// that no job's can have.
/// </summary>
public static class SagaStore
{
    /// <summary>All sagas, scored by their sequence.</summary>
    public const string All = "sagas";

    private const string Prefix = "saga/";

    /// <summary>The id that the store knows it by.</summary>
    public static string KeyOf(string sagaId) => Prefix + sagaId;

    /// <summary>The saga that a record of the store is; null: it is a job.</summary>
    public static string? SagaOf(string storedId) => storedId.StartsWith(Prefix, StringComparison.Ordinal) ? storedId[Prefix.Length..] : null;

    /// <summary>The state by its wire name.</summary>
    public static string Name(this SagaStatus status) => status.ToString().ToLowerInvariant();

    /// <summary>The index of sagas in a state.</summary>
    public static string Status(string name) => $"sagas:status:{name}";

    /// <summary>The index of sagas of a definition.</summary>
    public static string Definition(string name) => $"sagas:name:{name}";

    /// <summary>The index entries of a record.</summary>
    public static List<IndexEntry> IndexesOf(SagaDefinition definition, SagaRun run) =>
    [
        new(All, run.Sequence),
        new(Status(run.Status.Name()), run.Sequence),
        new(Definition(definition.Name), run.Sequence),
        new(JobIndexes.Due, SagaPlan.NextDue(definition, run)),
    ];

    /// <summary>The operation that writes a change.</summary>
    public static JobOperation OperationOf(
        string sagaId, SagaDefinition definition, SagaRun? before, SagaRun? after, IReadOnlyList<SagaHappening> happened, long clock, long version, Guid storedOperation, Guid operationId)
    {
        List<IndexEntry> had = before is null ? [] : IndexesOf(definition, before), has = after is null ? [] : IndexesOf(definition, after);
        var first = (before?.EventCount ?? 0) + 1;
        return new()
        {
            JobId = KeyOf(sagaId),
            OperationId = operationId,
            ExpectedVersion = version,
            ExpectedOperationId = storedOperation,
            Record = after is null ? (ReadOnlyMemory<byte>?)null : Write(after),
            RemoveEntries = [.. had.Except(has)],
            AddEntries = [.. has.Except(had)],
            Events = [.. happened.Select((h, i) => Write(new SagaEvent(first + i, h.Type, clock, h.Step, h.Unit, h.Try, h.Reason)))],
            Counters = after is { IsOver: true } && before?.IsOver != true ? [new($"saga:{after.Status.Name()}", 1)] : [],
        };
    }

    /// <summary>The stored form.</summary>
    public static ReadOnlyMemory<byte> Write(SagaRun run) => JsonSerializer.SerializeToUtf8Bytes(run, SagaJson.Default.SagaRun);

    /// <summary>Reads a record.</summary>
    /// <exception cref="StoreDamagedException">It is none of this or an earlier version.</exception>
    public static (SagaRun Run, SagaDefinition Definition) Read(string sagaId, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var run = JsonSerializer.Deserialize(bytes.Span, SagaJson.Default.SagaRun) ?? throw new JsonException("it is empty");
            if (run.Schema > SagaRun.CurrentSchema)
                throw new StoreDamagedException($"The record of saga '{sagaId}' has form {run.Schema}, newer than this program's {SagaRun.CurrentSchema}.");
            var definition = SagaReader.Read(run.Definition.ToJsonString(), out var faults);
            return definition is null ? throw new StoreDamagedException($"The definition of saga '{sagaId}' cannot be read: {string.Join("; ", faults)}") : (run, definition);
        }
        catch (JsonException e)
        {
            throw new StoreDamagedException($"The record of saga '{sagaId}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>An event's stored form.</summary>
    public static ReadOnlyMemory<byte> Write(SagaEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, SagaJson.Default.SagaEvent);

    /// <summary>Reads an event.</summary>
    /// <exception cref="StoreDamagedException">It is none.</exception>
    public static SagaEvent ReadEvent(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, SagaJson.Default.SagaEvent) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new StoreDamagedException($"An event of a saga cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>An entry of a saga's log as stored.</summary>
public sealed record SagaEvent(long Sequence, string Type, long At, string? Step, int? Unit, int Try, string? Reason);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, IgnoreReadOnlyProperties = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SagaRun))]
[JsonSerializable(typeof(SagaEvent))]
internal sealed partial class SagaJson : JsonSerializerContext;
