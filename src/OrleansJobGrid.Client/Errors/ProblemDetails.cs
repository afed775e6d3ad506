using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>Problem details (RFC 9457), with the three ways in which servers name fields: <c>errors</c> as an object or an array, or <c>field</c>.</summary>
internal sealed record ProblemDetails(
    int Status, string Title, string? Detail, IReadOnlyList<FieldError> FieldErrors, IReadOnlyDictionary<string, JsonElement> Extensions)
{
    public string Message
    {
        get
        {
            var text = Detail ?? Title;
            var fields = FieldErrors.Where(f => f.Message != Detail).Select(f => $"{f.Field}: {f.Message}").ToList();
            return fields.Count == 0 ? text : $"{text} ({string.Join("; ", fields)})";
        }
    }

    public static ProblemDetails Read(JsonElement problem, int httpStatus)
    {
        var fields = new List<FieldError>();
        var extensions = new Dictionary<string, JsonElement>();
        var detail = Text(problem, "detail") ?? Text(problem, "message");
        foreach (var member in problem.EnumerateObject())
        {
            if (member.Name == "errors")
                ReadErrors(member.Value, fields);
            else if (member.Name is not ("type" or "title" or "status" or "detail" or "instance"))
                extensions[member.Name] = member.Value.Clone();
        }

        if (fields.Count == 0 && Text(problem, "field") is { } field)
            fields.Add(new FieldError(field, detail ?? "refused"));
        var status = problem.TryGetProperty("status", out var s) && s.ValueKind == JsonValueKind.Number ? s.GetInt32() : httpStatus;
        return new ProblemDetails(status, Text(problem, "title") ?? $"The grid answered {status}.", detail, fields, extensions);
    }

    private static void ReadErrors(JsonElement errors, List<FieldError> fields)
    {
        if (errors.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in errors.EnumerateObject())
            {
                if (field.Value.ValueKind == JsonValueKind.Array)
                    fields.AddRange(field.Value.EnumerateArray().Select(m => new FieldError(field.Name, m.ToString())));
                else
                    fields.Add(new FieldError(field.Name, field.Value.ToString()));
            }
        }
        else if (errors.ValueKind == JsonValueKind.Array)
        {
            foreach (var error in errors.EnumerateArray())
            {
                var named = error.ValueKind == JsonValueKind.Object;
                var field = named ? Text(error, "field") ?? Text(error, "pointer") ?? "" : "";
                fields.Add(new FieldError(field, (named ? Text(error, "detail") ?? Text(error, "message") : null) ?? error.ToString()));
            }
        }
    }

    private static string? Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
