using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Grains.Matching;

/// <summary>
/// Compares facts with what is asked of them: an array has all, a number is at least, an object holds for each key, anything else is
/// equal (text without case). A name with dots walks through objects.
/// </summary>
public static class FactComparison
{
    /// <summary>What is asked and not so; null: all is.</summary>
    public static string? Lacking(JsonObject facts, IReadOnlyDictionary<string, JsonElement>? asked)
    {
        // A document is read by many at once, and reading makes it parse itself.
        lock (facts)
        {
            foreach (var (name, value) in asked ?? new Dictionary<string, JsonElement>())
            {
                var fact = Find(facts, name);
                if (!Holds(fact, value))
                    return $"{name} is {Shown(fact)}, {Wanted(value)} {(value.ValueKind == JsonValueKind.Array ? "are" : "is")} needed";
            }
        }

        return null;
    }

    /// <summary>What must not be and is; null: nothing. Of an array none may be there, a number must be below.</summary>
    public static string? Unwanted(JsonObject facts, IReadOnlyDictionary<string, JsonElement>? refused)
    {
        lock (facts)
        {
            foreach (var (name, value) in refused ?? new Dictionary<string, JsonElement>())
            {
                if (Find(facts, name) is { } fact && Touches(fact, value))
                    return $"{name} is {Shown(fact)}, {Unwanted(value)}";
            }
        }

        return null;
    }

    private static bool Holds(JsonNode? fact, JsonElement asked) => asked.ValueKind switch
    {
        JsonValueKind.Array => asked.EnumerateArray().All(a => Has(fact, a)),
        JsonValueKind.Number => Number(fact) is { } have && have >= asked.GetDouble(),
        JsonValueKind.Object => fact is JsonObject inner && asked.EnumerateObject().All(p => Holds(Find(inner, p.Name), p.Value)),
        _ => Has(fact, asked),
    };

    private static bool Touches(JsonNode fact, JsonElement refused) => refused.ValueKind switch
    {
        JsonValueKind.Array => refused.EnumerateArray().Any(r => Has(fact, r)),
        JsonValueKind.Number => Number(fact) is { } have && have >= refused.GetDouble(),
        JsonValueKind.Object => fact is JsonObject inner && refused.EnumerateObject().Any(p => Find(inner, p.Name) is { } f && Touches(f, p.Value)),
        _ => Has(fact, refused),
    };

    /// <summary>A list of facts has a value where one of them is it, or where it is the list of all there is.</summary>
    private static bool Has(JsonNode? fact, JsonElement value) => fact switch
    {
        JsonArray { Count: 1 } all when value.ValueKind == JsonValueKind.String && all[0] is { } only && Plain(only) == WorkerCapabilities.All => true,
        null => value.ValueKind == JsonValueKind.Null,
        JsonArray list => list.Any(f => Has(f, value)),
        _ => value.ValueKind == JsonValueKind.Number ? Number(fact) == value.GetDouble()
            : string.Equals(Plain(fact), value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText(), StringComparison.OrdinalIgnoreCase),
    };

    private static JsonNode? Find(JsonObject facts, string name)
    {
        if (facts.TryGetPropertyValue(name, out var whole))
            return whole;
        JsonNode? node = facts;
        foreach (var part in name.Split('.'))
        {
            if (node is not JsonObject inner || !inner.TryGetPropertyValue(part, out node))
                return null;
        }

        return node;
    }

    private static double? Number(JsonNode? fact) => fact is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;

    private static string Plain(JsonNode fact) => fact is JsonValue value && value.TryGetValue<string>(out var text) ? text : fact.ToJsonString();

    private static string Shown(JsonNode? fact) => fact is null ? "not known" : fact.ToJsonString();

    private static string Wanted(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => $"at least {value.GetRawText()}",
        JsonValueKind.Array => $"all of {value.GetRawText()}",
        _ => value.GetRawText(),
    };

    private static string Unwanted(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => $"less than {value.GetRawText()} is needed",
        JsonValueKind.Array => $"none of {value.GetRawText()} is wanted",
        _ => $"{value.GetRawText()} is not wanted",
    };
}
