using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>Writes and reads the stored forms: UTF-8 JSON with names in snake case, states by their wire names.</summary>
public static class JobRecordFormat
{
    public static ReadOnlyMemory<byte> Write(JobRecord record) =>
        JsonSerializer.SerializeToUtf8Bytes(record, JobRecordJson.Default.JobRecord);

    /// <summary>Throws <see cref="StoreDamagedException"/> for bytes that are no record of this or an earlier version.</summary>
    public static JobRecord Read(string jobId, ReadOnlyMemory<byte> bytes)
    {
        JobRecord? record;
        try
        {
            RecordBuffer.Current = bytes;
            record = JsonSerializer.Deserialize(bytes.Span, JobRecordJson.Default.JobRecord);
        }
        catch (JsonException e)
        {
            throw new StoreDamagedException($"The record of job '{jobId}' cannot be read: {e.Message}", e);
        }
        finally
        {
            RecordBuffer.Current = default;
        }

        if (record is null)
            throw new StoreDamagedException($"The record of job '{jobId}' is empty.");
        if (record.Schema > JobRecord.CurrentSchema)
            throw new StoreDamagedException($"The record of job '{jobId}' has form {record.Schema}, newer than this program's {JobRecord.CurrentSchema}.");
        return record;
    }

    public static ReadOnlyMemory<byte> Write(JobEvent jobEvent) =>
        JsonSerializer.SerializeToUtf8Bytes(jobEvent, JobRecordJson.Default.JobEvent);

    /// <summary>Throws <see cref="StoreDamagedException"/> for bytes that are no event.</summary>
    public static JobEvent ReadEvent(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, JobRecordJson.Default.JobEvent)
                ?? throw new StoreDamagedException("An event of the audit log is empty.");
        }
        catch (JsonException e)
        {
            throw new StoreDamagedException($"An event of the audit log cannot be read: {e.Message}", e);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    IgnoreReadOnlyProperties = true,
    Converters = [typeof(JobStatusConverter)])]
[JsonSerializable(typeof(JobRecord))]
[JsonSerializable(typeof(JobEvent))]
internal sealed partial class JobRecordJson : JsonSerializerContext;

internal sealed class JobStatusConverter : JsonConverter<JobStatus>
{
    public override JobStatus Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobStatusNames.TryParse(reader.GetString() ?? "", out var status) ? status : throw new JsonException($"'{reader.GetString()}' is no state of a job.");

    public override void Write(Utf8JsonWriter writer, JobStatus value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name());
}
