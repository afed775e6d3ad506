using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OrleansJobGrid.Sagas.Definitions;

/// <summary>A value of a JSON or YAML text with the place where it stands.</summary>
internal sealed class SagaText
{
    private const int MaxDepth = 64;
    private const int MaxNodes = 50_000;

    private SagaText(JsonValueKind kind, int line, int column) => (Kind, Line, Column) = (kind, line, column);

    public JsonValueKind Kind { get; private init; }

    /// <summary>From 1.</summary>
    public int Line { get; }

    /// <summary>From 1.</summary>
    public int Column { get; }

    /// <summary>The text of a string.</summary>
    public string? Text { get; private init; }

    /// <summary>The value of a number or a string; null for the other kinds.</summary>
    public JsonValue? Scalar { get; private init; }

    public IReadOnlyList<SagaText> Items { get; private init; } = [];

    public IReadOnlyList<(string Name, SagaText At, SagaText Value)> Fields { get; private init; } = [];

    /// <summary>What it is, for a person.</summary>
    public string KindName => Kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>JSON where it begins with a brace or a bracket, else YAML 1.2.</summary>
    public static SagaText Parse(string text, ICollection<SagaFault> faults, out bool read)
    {
        read = false;
        try
        {
            if (text.AsSpan().TrimStart() is ['{' or '[', ..])
            {
                var bytes = System.Text.Encoding.UTF8.GetBytes(text);
                var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Skip });
                reader.Read();
                var root = OfJson(ref reader, new(bytes));
                if (reader.Read())
                    throw new JsonException("something follows after the end");
                read = true;
                return root;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count != 1)
                throw new SemanticErrorException(Mark.Empty, Mark.Empty, $"one document is expected, there are {stream.Documents.Count}");
            var left = MaxNodes;
            var yaml = OfYaml(stream.Documents[0].RootNode, 0, ref left);
            read = true;
            return yaml;
        }
        catch (JsonException e)
        {
            faults.Add(new((int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1, "", $"is no JSON: {e.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}"));
        }
        catch (YamlException e)
        {
            faults.Add(new((int)Math.Max(1, e.Start.Line), (int)Math.Max(1, e.Start.Column), "", $"is no YAML: {e.Message}"));
        }

        return new(JsonValueKind.Null, 1, 1);
    }

    public JsonNode? ToJson() => Kind switch
    {
        JsonValueKind.Object => new JsonObject(Fields.Select(f => KeyValuePair.Create(f.Name, f.Value.ToJson()))),
        JsonValueKind.Array => new JsonArray([.. Items.Select(i => i.ToJson())]),
        JsonValueKind.True => JsonValue.Create(true),
        JsonValueKind.False => JsonValue.Create(false),
        JsonValueKind.Null => null,
        _ => Scalar!.DeepClone(),
    };

    private static SagaText OfJson(ref Utf8JsonReader reader, Lines lines)
    {
        var (line, column) = lines.Of(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = new List<(string, SagaText, SagaText)>();
                var names = new HashSet<string>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var (nameLine, nameColumn) = lines.Of(reader.TokenStartIndex);
                    var name = reader.GetString()!;
                    if (!names.Add(name))
                        throw new JsonException($"'{name}' stands twice in one object", null, nameLine - 1, nameColumn - 1);
                    reader.Read();
                    fields.Add((name, new(JsonValueKind.String, nameLine, nameColumn), OfJson(ref reader, lines)));
                }

                return new(JsonValueKind.Object, line, column) { Fields = fields };
            case JsonTokenType.StartArray:
                var items = new List<SagaText>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(OfJson(ref reader, lines));
                return new(JsonValueKind.Array, line, column) { Items = items };
            case JsonTokenType.String:
                return new(JsonValueKind.String, line, column) { Text = reader.GetString(), Scalar = JsonValue.Create(reader.GetString()) };
            case JsonTokenType.Number:
                using (var number = JsonDocument.ParseValue(ref reader))
                    return new(JsonValueKind.Number, line, column) { Scalar = JsonValue.Create(number.RootElement.Clone()) };
            default:
                return new(reader.TokenType == JsonTokenType.True ? JsonValueKind.True : reader.TokenType == JsonTokenType.False ? JsonValueKind.False : JsonValueKind.Null, line, column);
        }
    }

    private static SagaText OfYaml(YamlNode node, int depth, ref int left)
    {
        var (line, column) = ((int)node.Start.Line, (int)node.Start.Column);
        // An alias may repeat itself a billion times in a few lines.
        if (depth > MaxDepth || --left < 0)
            throw new SemanticErrorException(node.Start, node.End, $"it is deeper than {MaxDepth} or larger than {MaxNodes} values");
        switch (node)
        {
            case YamlMappingNode map:
                var fields = new List<(string, SagaText, SagaText)>();
                foreach (var (key, value) in map.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                        throw new SemanticErrorException(key.Start, key.End, "a name is a plain text");
                    fields.Add((name, new(JsonValueKind.String, (int)key.Start.Line, (int)key.Start.Column), OfYaml(value, depth + 1, ref left)));
                }

                return new(JsonValueKind.Object, line, column) { Fields = fields };
            case YamlSequenceNode list:
                var items = new List<SagaText>();
                foreach (var item in list.Children)
                    items.Add(OfYaml(item, depth + 1, ref left));
                return new(JsonValueKind.Array, line, column) { Items = items };
            case YamlScalarNode scalar:
                return OfScalar(scalar, line, column);
            default:
                throw new SemanticErrorException(node.Start, node.End, "this kind of value is not taken");
        }
    }

    /// <summary>The core schema of YAML 1.2.</summary>
    private static SagaText OfScalar(YamlScalarNode scalar, int line, int column)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
            return new(JsonValueKind.String, line, column) { Text = text, Scalar = JsonValue.Create(text) };
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return new(JsonValueKind.Null, line, column);
            case "true" or "True" or "TRUE":
                return new(JsonValueKind.True, line, column);
            case "false" or "False" or "FALSE":
                return new(JsonValueKind.False, line, column);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            return new(JsonValueKind.Number, line, column) { Scalar = JsonValue.Create(whole) };
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var broken))
            return new(JsonValueKind.Number, line, column) { Scalar = JsonValue.Create(broken) };
        return new(JsonValueKind.String, line, column) { Text = text, Scalar = JsonValue.Create(text) };
    }

    /// <summary>Lines and columns of places in UTF-8.</summary>
    private sealed class Lines(byte[] text)
    {
        public (int Line, int Column) Of(long at)
        {
            var before = text.AsSpan(0, (int)at);
            var start = before.LastIndexOf((byte)'\n') + 1;
            return (before.Count((byte)'\n') + 1, System.Text.Encoding.UTF8.GetCharCount(before[start..]) + 1);
        }
    }
}

/// <summary>Something wrong in a definition.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
/// <param name="Field">Where in the definition, such as <c>steps.resize.timeout</c>; empty: the whole.</param>
/// <param name="Message">What is wrong, and the mend.</param>
public sealed record SagaFault(int Line, int Column, string Field, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"line {Line}, column {Column}: {(Field.Length == 0 ? "the definition" : Field)} {Message}";
}
