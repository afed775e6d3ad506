using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OrleansJobGrid.Connectors.Failures;

/// <summary>
/// What the body of a service's error says. It knows the forms of ComfyUI (<c>error</c> with <c>node_errors</c>, and an <c>error</c> that is
/// a text), AUTOMATIC1111 (<c>error</c>, <c>detail</c>, <c>errors</c>), pydantic (<c>detail</c> as an array), OpenAI and its likes
/// (<c>error.code</c>, <c>error.type</c>), Google (<c>error.status</c>, <c>promptFeedback.blockReason</c>), Stability (<c>name</c>, <c>errors</c>),
/// Ollama, and RFC 9457; of a page in HTML it takes the title; anything else is the message as it stands.
/// </summary>
/// <param name="ErrorType">Names of the error, the more exact first, parted by blanks; null: none.</param>
/// <param name="ExceptionType">An exception's type, where the service gives one; null: none.</param>
/// <param name="Message">What it says to a person; empty: nothing.</param>
public sealed partial record ServiceErrorBody(string? ErrorType, string? ExceptionType, string Message)
{
    private const int LongestBody = 1 << 20;
    private const int LongestText = 4_000;

    /// <summary>Reads a body. Never throws: what is no JSON of a known form is a text.</summary>
    public static ServiceErrorBody Read(string body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var trimmed = body.AsSpan().Trim();
        if (trimmed.Length is > 0 and <= LongestBody && trimmed[0] is '{' or '[')
        {
            try
            {
                using var json = JsonDocument.Parse(trimmed.ToString());
                var found = new Found();
                found.Object(json.RootElement);
                if (found.Texts.Count + found.Types.Count > 0)
                    return found.ToBody();
            }
            catch (JsonException)
            {
                // A cut or broken body still says something as a text.
            }
        }
        return new(null, null, trimmed.Length > 0 && trimmed[0] == '<' ? Page(trimmed) : Short(trimmed));
    }

    private static string Page(ReadOnlySpan<char> html)
    {
        var text = Short(html);
        var title = Title().Match(text);
        return title.Success ? WebUtility.HtmlDecode(Blanks().Replace(title.Groups[1].Value, " ")).Trim() : Blanks().Replace(Tag().Replace(text, " "), " ").Trim();
    }

    private static string Short(ReadOnlySpan<char> text) => (text.Length <= LongestText ? text : text[..LongestText]).ToString();

    [GeneratedRegex("<title[^>]*>([^<]*)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex Title();

    [GeneratedRegex("<[^>]*>", RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex Blanks();

    /// <summary>What was found on the way through the body.</summary>
    private sealed class Found
    {
        private static readonly string[] TextFields = ["message", "details", "title", "detail", "msg", "errors", "finishMessage", "error_description"];
        private static readonly string[] TypeFields = ["code", "type", "status", "name", "blockReason", "finishReason", "reason"];

        public List<string> Types { get; } = [];
        public List<string> Texts { get; } = [];
        private string? _exception;

        public ServiceErrorBody ToBody() => new(
            Types.Count == 0 ? null : string.Join(' ', Types.Distinct()), _exception, string.Join("; ", Texts.Distinct()));

        public void Object(JsonElement json)
        {
            if (json.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in json.EnumerateArray())
                    Object(item);
                return;
            }
            if (json.ValueKind == JsonValueKind.String)
                Text(json);
            if (json.ValueKind != JsonValueKind.Object)
                return;
            Nodes(json);
            Error(json);
            foreach (var name in TypeFields)
                Type(json, name);
            foreach (var name in TextFields)
                Text(json, name);
            Location(json);
            foreach (var name in (string[])["promptFeedback", "candidates"])
            {
                if (json.TryGetProperty(name, out var inner))
                    Object(inner);
            }
        }

        /// <summary>The errors of ComfyUI's nodes, which are more exact than the error that stands above them.</summary>
        private void Nodes(JsonElement json)
        {
            if (!json.TryGetProperty("node_errors", out var nodes) || nodes.ValueKind != JsonValueKind.Object)
                return;
            foreach (var node in nodes.EnumerateObject())
            {
                if (node.Value.ValueKind == JsonValueKind.Object && node.Value.TryGetProperty("errors", out var errors))
                    Object(errors);
            }
        }

        private void Error(JsonElement json)
        {
            if (!json.TryGetProperty("error", out var error))
                return;
            // AUTOMATIC1111 gives the class of a Python exception and its text beside it.
            if (error.ValueKind == JsonValueKind.String && json.TryGetProperty("errors", out var text) && text.ValueKind == JsonValueKind.String)
                _exception = Short(error.GetString());
            else
                Object(error);
        }

        private void Type(JsonElement json, string name)
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 200 } type)
                Types.Add(type.Replace(' ', '_'));
        }

        private void Text(JsonElement json, string name)
        {
            if (json.TryGetProperty(name, out var value))
            {
                if (value.ValueKind == JsonValueKind.String)
                    Text(value);
                else if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                    Object(value);
            }
        }

        private void Text(JsonElement value)
        {
            if (Short(value.GetString()) is { Length: > 0 } text)
                Texts.Add(text);
        }

        /// <summary>Where pydantic found the fault: <c>body.steps</c>.</summary>
        private void Location(JsonElement json)
        {
            if (json.TryGetProperty("loc", out var at) && at.ValueKind == JsonValueKind.Array)
                Texts.Add("at " + string.Join('.', at.EnumerateArray().Select(p => p.ToString())));
        }

        private static string Short(string? text) => text is null ? "" : ServiceErrorBody.Short(text.AsSpan().Trim());
    }
}
