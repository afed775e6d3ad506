using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Events;

/// <summary>An event as subscribers get it: its id is the same in each delivery.</summary>
/// <param name="Id">Job or saga, and its number there.</param>
/// <param name="Type">Such as <c>job.completed</c>.</param>
/// <param name="At">When it happened, Unix ms.</param>
/// <param name="Utf8">JSON.</param>
internal sealed record EventDocument(string Id, string Type, long At, byte[] Utf8)
{
    /// <summary>Of events that a subscription cannot get any more.</summary>
    public const string Gap = "grid.gap";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The events that a pointer leads to.</summary>
    public static IReadOnlyList<EventDocument> Of(int shard, OutboxEntry entry, long clock)
    {
        if (entry.Events is not { } events)
            return [OfGap(shard, entry.Number, entry.Number, clock, $"The record of {Shown(entry.JobId)} went after its time of keeping, and its events with it.")];
        return [.. events.Select(e => SagaStore.SagaOf(entry.JobId) is { } saga ? Of(saga, SagaStore.ReadEvent(e)) : Of(entry.JobId, JobRecordFormat.ReadEvent(e)))];
    }

    /// <summary>Tells of pointers that are not kept any more.</summary>
    public static EventDocument OfGap(int shard, long from, long to, long clock, string reason) =>
        Write($"gap/{shard}:{from}-{to}", Gap, clock, json =>
        {
            json.WriteNumber("shard", shard);
            json.WriteNumber("from", from);
            json.WriteNumber("to", to);
            json.WriteString("reason", reason);
        });

    private static EventDocument Of(string jobId, JobEvent e) =>
        Write($"{jobId}:{e.Sequence}", "job." + e.Type, e.At, json =>
        {
            json.WriteString("job_id", jobId);
            json.WriteNumber("sequence", e.Sequence);
            json.WriteString("from", e.From == default ? null : e.From.Name());
            json.WriteString("to", e.To.Name());
            json.WriteNumber("attempt", e.Attempt);
            json.WriteNumber("epoch", e.Epoch);
            json.WriteString("worker_id", e.WorkerId);
            json.WriteString("reason", e.Reason);
            if (e.Failure is not { } failure)
                return;
            json.WriteStartObject("failure");
            json.WriteString("failure_class", failure.FailureClass);
            json.WriteString("failure_type", failure.FailureType);
            json.WriteString("failure_reason", failure.FailureReason);
            json.WriteString("message", failure.Message);
            json.WriteEndObject();
        });

    private static EventDocument Of(string sagaId, SagaEvent e) =>
        Write($"{SagaStore.KeyOf(sagaId)}:{e.Sequence}", "saga." + e.Type, e.At, json =>
        {
            json.WriteString("saga_id", sagaId);
            json.WriteNumber("sequence", e.Sequence);
            json.WriteString("step", e.Step);
            if (e.Unit is { } unit)
                json.WriteNumber("unit", unit);
            else
                json.WriteNull("unit");
            json.WriteNumber("try", e.Try);
            json.WriteString("reason", e.Reason);
        });

    private static EventDocument Write(string id, string type, long at, Action<Utf8JsonWriter> body)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("type", type);
            json.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(at).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            body(json);
            json.WriteEndObject();
        }

        return new(id, type, at, stream.ToArray());
    }

    private static string Shown(string storedId) => SagaStore.SagaOf(storedId) is { } saga ? $"saga '{saga}'" : $"job '{storedId}'";
}

/// <summary>Which types a subscription takes.</summary>
internal sealed class EventFilter(IReadOnlyList<string> types)
{
    /// <summary>Gaps are for all.</summary>
    public bool Takes(EventDocument e) => types.Count == 0 || e.Type == EventDocument.Gap || types.Any(t => t == e.Type || (t.EndsWith('*') && e.Type.StartsWith(t[..^1], StringComparison.Ordinal)));
}
