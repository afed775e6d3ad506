using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace OrleansJobGrid.Sagas.Definitions;

/// <summary>
/// Texts and JSON with places for values: <c>{{input.size}}</c>, <c>{{steps.NAME.output.x}}</c>, and in a step with <c>for_each</c> <c>{{item}}</c> and
/// <c>{{index}}</c>; <c>{{saga.id}}</c> and <c>{{saga.name}}</c>; in what undoes a step <c>{{work.id}}</c>, the id of its last job or child. What follows the first word is a JSONPath; one with <c>[*]</c>, <c>..</c> or a filter gives a list.
/// <c>{{input.size|512}}</c> names a value for where there is none; without one a missing value is an error. A text that is one place and nothing
/// else becomes the value itself, of whatever kind.
/// </summary>
public static partial class SagaTemplate
{
    private static readonly JsonSerializerSettings Exact = new() { DateParseHandling = DateParseHandling.None, FloatParseHandling = FloatParseHandling.Decimal, MaxDepth = 128 };

    /// <summary>The paths of all places in a template.</summary>
    public static IEnumerable<string> PathsOf(JsonNode? template) => template switch
    {
        JsonObject owner => owner.SelectMany(f => PathsOf(f.Value)),
        JsonArray list => list.SelectMany(PathsOf),
        JsonValue value when value.TryGetValue(out string? text) => PathsOf(text),
        _ => [],
    };

    /// <summary>The paths of all places in a text.</summary>
    public static IEnumerable<string> PathsOf(string? template) =>
        template is null ? [] : Place().Matches(template).Select(m => PathOf(m));

    /// <summary>What is wrong with a path itself; null: nothing.</summary>
    public static string? ErrorOf(string path)
    {
        try
        {
            new JObject().SelectTokens(path);
            _ = new JObject().SelectTokens(path).Count();
            return null;
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    /// <summary>The template with its values.</summary>
    /// <exception cref="SagaValueException">A value is missing, and no default is given.</exception>
    public static JsonNode? Fill(JsonNode? template, SagaValues values) => template switch
    {
        JsonObject owner => new JsonObject(owner.Select(f => KeyValuePair.Create(f.Key, Fill(f.Value, values)))),
        JsonArray list => new JsonArray([.. list.Select(i => Fill(i, values))]),
        JsonValue value when value.TryGetValue(out string? text) => Fill(text, values),
        null => null,
        _ => template.DeepClone(),
    };

    /// <summary>A text with its values; the value itself where it is one place and nothing else.</summary>
    /// <exception cref="SagaValueException">A value is missing, and no default is given.</exception>
    public static JsonNode? Fill(string template, SagaValues values)
    {
        var whole = Place().Match(template);
        return whole.Success && whole.Length == template.Length ? ValueOf(whole, values) : JsonValue.Create(Text(template, values));
    }

    /// <summary>A text with its values as texts.</summary>
    /// <exception cref="SagaValueException">A value is missing, and no default is given.</exception>
    public static string Text(string template, SagaValues values) => Place().Replace(template, m => TextOf(ValueOf(m, values)));

    /// <summary>An address with its values, which are escaped, but for one that begins it.</summary>
    /// <exception cref="SagaValueException">A value is missing, and no default is given.</exception>
    public static string Url(string template, SagaValues values) =>
        Place().Replace(template, m => m.Index == 0 ? TextOf(ValueOf(m, values)) : Uri.EscapeDataString(TextOf(ValueOf(m, values))));

    private static string TextOf(JsonNode? value) => value switch
    {
        null => "",
        JsonValue scalar when scalar.TryGetValue(out string? text) => text,
        JsonValue scalar when scalar.TryGetValue(out bool flag) => flag ? "true" : "false",
        { } other => other.ToJsonString(),
    };

    /// <summary>Whether a value stands for yes: absent, null, false, 0, "" and [] do not.</summary>
    public static bool IsTrue(JsonNode? value) => value switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonValue scalar when scalar.TryGetValue(out bool flag) => flag,
        JsonValue scalar when scalar.TryGetValue(out string? text) => text.Length > 0 && !string.Equals(text, "false", StringComparison.OrdinalIgnoreCase),
        JsonValue scalar => decimal.TryParse(scalar.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number != 0,
        _ => true,
    };

    private static JsonNode? ValueOf(Match place, SagaValues values)
    {
        var path = PathOf(place);
        if (values.Find(path, out var found))
            return found;
        if (!place.Groups["default"].Success)
            throw new SagaValueException($"{{{{{path}}}}} has no value here; give it a default ({{{{{path}|…}}}}) if it may be absent.");
        var text = place.Groups["default"].Value.Trim();
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            // A plain text needs no quotes.
            return JsonValue.Create(text);
        }
    }

    private static string PathOf(Match place)
    {
        var path = place.Groups["path"].Value.Trim();
        return path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;
    }

    internal static JObject Parse(string json) => JsonConvert.DeserializeObject<JObject>(json, Exact)!;

    [GeneratedRegex(@"\{\{(?<path>[^{}|]+)(\|(?<default>[^{}]*))?\}\}")]
    private static partial Regex Place();
}

/// <summary>What templates of a saga may name; made when the first one names anything, since most name nothing.</summary>
/// <param name="root">Makes an object with <c>input</c>, <c>steps</c>, <c>saga</c>, and where there are any <c>item</c>, <c>index</c> and <c>work</c>.</param>
public sealed class SagaValues(Func<JsonObject> root)
{
    private readonly Lazy<JObject> _root = new(() => SagaTemplate.Parse(root().ToJsonString()), LazyThreadSafetyMode.None);

    /// <summary>The value at a path. False: there is none; null itself is a value.</summary>
    public bool Find(string path, out JsonNode? value)
    {
        var several = path.Contains("[*]", StringComparison.Ordinal) || path.Contains("..", StringComparison.Ordinal) || path.Contains("[?", StringComparison.Ordinal) || path.Contains(".*", StringComparison.Ordinal);
        var found = _root.Value.SelectTokens(path).ToList();
        value = several ? new JsonArray([.. found.Select(Node)]) : found.Count > 0 ? Node(found[0]) : null;
        return several || found.Count > 0;
    }

    private static JsonNode? Node(JToken token) => JsonNode.Parse(token.ToString(Formatting.None));
}

/// <summary>A template names a value that is not there.</summary>
public sealed class SagaValueException(string message) : Exception(message);
