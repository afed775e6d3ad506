using System.Globalization;
using System.Text.RegularExpressions;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>
/// Texts and JSON with places for values: <c>{{payload}}</c>, <c>{{payload.PATH}}</c> (JSONPath within the payload), <c>{{job}}</c>, <c>{{attempt}}</c>,
/// <c>{{mark}}</c> (the grid's own id of the post, a lowercase UUID) and <c>{{id}}</c> (the service's) and <c>{{callback}}</c> (where the service may say how the job is); <c>{{payload.size|512}}</c> gives a value for where the
/// payload has none. A JSON string that is one place and nothing else becomes the value itself, of whatever kind; where it has none, its
/// property is left out. Within a longer text a value without a default is required.
/// </summary>
internal static partial class HttpTemplate
{
    private static readonly JsonSerializerSettings Exact = new() { DateParseHandling = DateParseHandling.None, FloatParseHandling = FloatParseHandling.Decimal, MaxDepth = 128 };

    /// <summary>Parses JSON without changing what it says: dates stay texts, numbers keep their digits.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JToken Parse(string json) =>
        JsonConvert.DeserializeObject<JToken>(json, Exact) ?? JValue.CreateNull();

    /// <summary>The names of its places.</summary>
    public static IEnumerable<string> PlacesOf(string? template) => template is null ? [] : Place().Matches(template).Select(m => m.Groups["name"].Value);

    /// <summary>What is wrong with a template's places; empty: nothing.</summary>
    public static IEnumerable<string> Errors(string template) => PlacesOf(template)
        .Where(n => n is not ("payload" or "job" or "attempt" or "mark" or "id" or "callback") && !n.StartsWith("payload.", StringComparison.Ordinal) && !n.StartsWith("payload[", StringComparison.Ordinal))
        .Select(n => $"{{{{{n}}}}} is not known: payload, payload.PATH, job, attempt, mark, id, callback");

    /// <summary>Whether it names a place.</summary>
    public static bool Names(string? template, string place) => PlacesOf(template).Contains(place);

    /// <summary>A path: values are escaped.</summary>
    public static string Path(string template, HttpValues values) =>
        Place().Replace(template, m => Uri.EscapeDataString(TextOf(Required(m, values))));

    /// <summary>A JSON body.</summary>
    public static string Body(string template, HttpValues values) => (Filled(Parse(template), values) ?? JValue.CreateNull()).ToString(Formatting.None);

    private static JToken? Filled(JToken token, HttpValues values)
    {
        switch (token)
        {
            case JObject owner:
                var filled = new JObject();
                foreach (var property in owner.Properties())
                {
                    if (Filled(property.Value, values) is { } value)
                        filled.Add(property.Name, value);
                }

                return filled;
            case JArray list:
                return new JArray(list.Select(i => Filled(i, values)).OfType<JToken>());
            case JValue { Type: JTokenType.String } text:
                var template = (string)text!;
                var whole = Place().Match(template);
                if (whole.Success && whole.Length == template.Length)
                    return ValueOf(whole, values);
                return new JValue(Place().Replace(template, m => TextOf(Required(m, values))));
            default:
                return token.DeepClone();
        }
    }

    private static JToken Required(Match place, HttpValues values) =>
        ValueOf(place, values) ?? throw new InvalidPayloadException($"{place.Groups["name"].Value} is required by this service.");

    private static JToken? ValueOf(Match place, HttpValues values)
    {
        if (values.Find(place.Groups["name"].Value) is { } value)
            return value.DeepClone();
        if (!place.Groups["default"].Success)
            return null;
        var text = place.Groups["default"].Value;
        try
        {
            return Parse(text);
        }
        catch (JsonException)
        {
            // A plain text needs no quotes.
            return new JValue(text);
        }
    }

    private static string TextOf(JToken value) => value switch
    {
        JValue { Type: JTokenType.String } text => (string)text!,
        JValue scalar => Convert.ToString(scalar.Value, CultureInfo.InvariantCulture) ?? "",
        _ => value.ToString(Formatting.None),
    };

    [GeneratedRegex(@"\{\{\s*(?<name>[^{}|\s]+)\s*(\|(?<default>[^{}]*))?\}\}")]
    private static partial Regex Place();
}
