using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Gateway.Json;

/// <summary>JSON that passes through as it is; null bytes are written as <c>null</c>.</summary>
/// <param name="Utf8">One JSON value.</param>
/// <param name="Checked">Whether its form was checked before (a submission's was); what workers send is checked at the writing.</param>
[JsonConverter(typeof(RawJsonConverter))]
internal readonly record struct RawJson(byte[]? Utf8, bool Checked);

internal sealed class RawJsonConverter : JsonConverter<RawJson>
{
    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("Raw JSON is only written here; submissions are read by JobSubmissionReader.");

    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options)
    {
        if (value.Utf8 is null)
            writer.WriteNullValue();
        else
            writer.WriteRawValue(value.Utf8, skipInputValidation: value.Checked);
    }
}
