using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Grains.Jobs;

/// <summary>A JSON value kept as its UTF-8 bytes, so that a payload is neither parsed nor changed on its way.</summary>
[JsonConverter(typeof(RawJsonConverter))]
public readonly record struct RawJson(ReadOnlyMemory<byte> Utf8);

internal sealed class RawJsonConverter : JsonConverter<RawJson>
{
    public override bool HandleNull => true;

    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new(RecordBuffer.Current.Slice(start, (int)reader.BytesConsumed - start));
    }

    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}

/// <summary>The bytes being read on this thread, of which raw values are slices: no copy of a payload is made.</summary>
internal static class RecordBuffer
{
    [ThreadStatic]
    private static ReadOnlyMemory<byte> s_current;

    public static ReadOnlyMemory<byte> Current
    {
        get => s_current;
        set => s_current = value;
    }
}
