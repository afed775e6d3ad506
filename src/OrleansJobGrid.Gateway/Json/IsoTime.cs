using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Gateway.Json;

/// <summary>A moment, Unix ms, written as ISO 8601 in UTC with milliseconds: <c>2026-01-31T23:59:59.999Z</c>.</summary>
[JsonConverter(typeof(IsoTimeConverter))]
internal readonly record struct IsoTime(long UnixMs)
{
    public static IsoTime Now(TimeProvider time) => new(time.GetUtcNow().ToUnixTimeMilliseconds());

    public static IsoTime? Of(long? unixMs) => unixMs is { } value ? new IsoTime(value) : null;

    public override string ToString() =>
        DateTimeOffset.FromUnixTimeMilliseconds(UnixMs).UtcDateTime.ToString(IsoTimeConverter.Format, CultureInfo.InvariantCulture);
}

internal sealed class IsoTimeConverter : JsonConverter<IsoTime>
{
    internal const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override IsoTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetDateTimeOffset().ToUnixTimeMilliseconds());

    public override void Write(Utf8JsonWriter writer, IsoTime value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[32];
        if (!DateTimeOffset.FromUnixTimeMilliseconds(value.UnixMs).UtcDateTime.TryFormat(text, out var length, Format, CultureInfo.InvariantCulture))
            throw new JsonException($"The moment {value.UnixMs} does not fit.");
        writer.WriteStringValue(text[..length]);
    }
}
