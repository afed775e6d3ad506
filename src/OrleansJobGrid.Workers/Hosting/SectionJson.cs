using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>
/// A free section of the configuration as JSON. Configuration knows only texts, so types are read from them: <c>true</c>, <c>false</c> and
/// numbers as JSON writes them are such, and names that are numbers are places in a list.
/// </summary>
internal static class SectionJson
{
    /// <summary>By name; null: the section is empty.</summary>
    public static IReadOnlyDictionary<string, JsonElement>? Read(IConfigurationSection section)
    {
        var read = section.GetChildren()
            .Select(c => (c.Key, Node: NodeOf(c)))
            .Where(c => c.Node is not null)
            .OrderBy(c => c.Key, StringComparer.Ordinal)
            .ToDictionary(c => c.Key, c => JsonSerializer.SerializeToElement(c.Node), StringComparer.Ordinal);
        return read.Count == 0 ? null : read;
    }

    private static JsonNode? NodeOf(IConfigurationSection section)
    {
        var children = section.GetChildren().Select(c => (c.Key, Node: NodeOf(c))).Where(c => c.Node is not null).ToList();
        if (children.Count == 0)
            return section.Value is { } text ? ValueOf(text) : null;
        return children.All(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? new JsonArray([.. children.OrderBy(c => int.Parse(c.Key, CultureInfo.InvariantCulture)).Select(c => c.Node)])
            : new JsonObject(children.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => KeyValuePair.Create(c.Key, c.Node)));
    }

    private static JsonValue ValueOf(string text)
    {
        if (bool.TryParse(text, out var truth))
            return JsonValue.Create(truth);
        if (text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] == '-'))
        {
            try
            {
                return JsonValue.Create(JsonElement.Parse(text))!;
            }
            catch (JsonException)
            {
                // A text that begins with a digit, such as a date.
            }
        }

        return JsonValue.Create(text);
    }
}
