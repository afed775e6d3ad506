using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary>Reads the body of a request about jobs, strictly: a field that is not known would be a wish that nobody heard.</summary>
internal static class BodyReader
{
    private const string Body = "body";
    private const int MaxBytes = 128 << 10;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads it; an empty body has no fields where it is not required.</summary>
    public static async ValueTask<BodyReading> ReadAsync(HttpRequest request, BodyField[] fields, bool required, CancellationToken cancellationToken)
    {
        using var body = await PooledBody.ReadAsync(request, MaxBytes, cancellationToken);
        if (body is null)
            return new(GridProblem.TooLarge(Body, $"is larger than the {MaxBytes >> 10} KB allowed here"));
        if (body.Span.IsEmpty && !required)
            return new(null);
        if (!RequestForm.IsJson(request))
            return new(GridProblem.MediaType("send the request as JSON, with the header Content-Type: application/json"));
        return Read(body.Span, fields);
    }

    private static BodyReading Read(ReadOnlySpan<byte> json, BodyField[] fields)
    {
        json = JsonText.WithoutMark(json);
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return new(GridProblem.Invalid(Body, "is empty: send a JSON object with " + Names(fields.Where(f => f.IsRequired))));
        if (JsonText.EncodingError(json) is { } wrong)
            return new(GridProblem.Invalid(Body, wrong));
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), Strict);
            return Read(document.RootElement, fields);
        }
        catch (JsonException e)
        {
            return new(GridProblem.Invalid(Body, JsonText.Malformed(e)));
        }
    }

    private static BodyReading Read(JsonElement body, BodyField[] fields)
    {
        if (body.ValueKind != JsonValueKind.Object)
            return new(GridProblem.Invalid(Body, "is not a JSON object: send one with " + Names(fields)));
        var (errors, tooLarge) = (new List<FieldError>(), false);
        var reading = new BodyReading(null);
        foreach (var member in body.EnumerateObject())
        {
            if (Array.Find(fields, f => f.Name == member.Name) is not { } field)
                errors.Add(new FieldError(member.Name.Length == 0 ? "(empty name)" : GridProblem.Shorten(member.Name), "is not a field of this request: it has " + Names(fields)));
            else if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            else if (field.IsGood is null)
                tooLarge |= !TakeJson(reading, field, member.Value, errors);
            else if (field.IsNumber && member.Value.ValueKind == JsonValueKind.Number && field.IsGood(member.Value.GetRawText()))
                reading.Add(field.Name, member.Value.GetRawText());
            else if (!field.IsNumber && member.Value.ValueKind == JsonValueKind.String && field.IsGood(member.Value.GetString()!))
                reading.Add(field.Name, member.Value.GetString()!);
            else
                errors.Add(new FieldError(field.Name, "must be " + field.Form));
        }

        foreach (var missing in fields.Where(f => f.IsRequired && reading.Text(f.Name) is null && !errors.Exists(e => e.Field == f.Name)))
            errors.Add(new FieldError(missing.Name, $"is missing: give {missing.Form}"));
        return errors.Count == 0 ? reading : new(tooLarge ? GridProblem.TooLarge(errors) : GridProblem.Invalid(errors));
    }

    private static bool TakeJson(BodyReading reading, BodyField field, JsonElement value, List<FieldError> errors)
    {
        var utf8 = Encoding.UTF8.GetBytes(value.GetRawText());
        if (utf8.Length <= field.MaxBytes)
        {
            reading.Add(field.Name, utf8);
            return true;
        }

        errors.Add(new FieldError(field.Name, $"has {utf8.Length} bytes and {field.MaxBytes} are allowed: upload it with POST /api/artefacts and name it here"));
        return false;
    }

    private static string Names(IEnumerable<BodyField> fields) => string.Join(", ", fields.Select(f => f.Name)) is { Length: > 0 } names ? names : "none";
}

/// <summary>A body that was read, or what is wrong with it.</summary>
internal sealed record BodyReading(GridProblem? Problem)
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _json = new(StringComparer.Ordinal);

    /// <summary>A field's string; null: not given.</summary>
    public string? Text(string field) => _texts.GetValueOrDefault(field);

    /// <summary>A field's number; null: not given.</summary>
    public double? Number(string field) => Text(field) is { } text ? double.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;

    /// <summary>A field's JSON, UTF-8; null: not given.</summary>
    public byte[]? Json(string field) => _json.GetValueOrDefault(field);

    internal void Add(string field, string text) => _texts[field] = text;

    internal void Add(string field, byte[] json) => _json[field] = json;
}
