using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>Reads single fields of requirements, and counts what is wrong.</summary>
internal sealed class RequirementFields(Action<string, string> wrong)
{
    private const int TextLength = 128;
    private const int ListLength = 64;
    private const int FactCount = 32;
    private const int FactDepth = 4;

    public int Faults { get; private set; }

    public void Wrong(string field, string message)
    {
        Faults++;
        wrong(field, message);
    }

    /// <summary>The word of an older system for "nothing is asked".</summary>
    public static bool IsAll(JsonElement json) =>
        json.ValueKind == JsonValueKind.Null || (json.ValueKind == JsonValueKind.String && string.Equals(json.GetString(), WorkerCapabilities.All, StringComparison.OrdinalIgnoreCase));

    public bool IsObject(string path, JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Object)
            return true;
        Wrong(path, $"is {Kind(json)}: it must be an object");
        return false;
    }

    /// <summary>The fields of an object; what is unknown or given twice is wrong.</summary>
    public Dictionary<string, JsonElement> Take(string path, JsonElement json, string[] known, Func<string, string?> misplaced)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var field in json.EnumerateObject())
        {
            if (!known.Contains(field.Name, StringComparer.Ordinal))
            {
                Wrong($"{path}.{Shorten(field.Name)}", misplaced(field.Name)
                    ?? (ClosestName.Of(field.Name, known) is { } meant ? $"is not a requirement: did you mean '{meant}'?"
                        : $"is not a requirement: the known ones are {string.Join(", ", known)}; anything else goes into positive_requirements"));
            }
            else if (!given.TryAdd(field.Name, field.Value))
            {
                Wrong($"{path}.{field.Name}", "is given twice: give it once");
            }
        }

        return given;
    }

    public string? Text(Dictionary<string, JsonElement> given, string path, string name, bool lower)
    {
        if (!given.TryGetValue(name, out var json) || IsAll(json))
            return null;
        return TextOf($"{path}.{name}", json, lower);
    }

    public string? Word(Dictionary<string, JsonElement> given, string path, string name, string[] words)
    {
        if (Text(given, path, name, lower: true) is not { } word)
            return null;
        if (words.Contains(word, StringComparer.Ordinal))
            return word;
        Wrong($"{path}.{name}", $"is \"{Shorten(word)}\": it must be one of {string.Join(", ", words)}");
        return null;
    }

    /// <summary>Sorted, each once; null where it is empty.</summary>
    public IReadOnlyList<string>? List(Dictionary<string, JsonElement> given, string path, string name)
    {
        if (!given.TryGetValue(name, out var json) || IsAll(json))
            return null;
        var field = $"{path}.{name}";
        if (json.ValueKind != JsonValueKind.Array)
        {
            Wrong(field, $"is {Kind(json)}: it must be an array of strings, or \"all\"");
            return null;
        }

        if (json.GetArrayLength() > ListLength)
        {
            Wrong(field, $"has {json.GetArrayLength()} entries and {ListLength} are allowed");
            return null;
        }

        List<string> entries = [.. json.EnumerateArray().Select((e, i) => TextOf($"{field}[{i}]", e, lower: false)).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        return entries.Count == 0 ? null : entries;
    }

    /// <summary>Above 0 and at most so much.</summary>
    public double? Number(Dictionary<string, JsonElement> given, string path, string name, double most)
    {
        if (!given.TryGetValue(name, out var json) || IsAll(json))
            return null;
        if (json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var number) && number > 0 && number <= most)
            return number;
        Wrong($"{path}.{name}", $"is {(json.ValueKind == JsonValueKind.Number ? json.GetRawText() : Kind(json))}: it must be a number above 0 and at most {most:0}");
        return null;
    }

    public int? Whole(Dictionary<string, JsonElement> given, string path, string name, int most, int least)
    {
        if (!given.TryGetValue(name, out var json) || IsAll(json))
            return null;
        if (json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) && number >= least && number <= most)
            return number;
        Wrong($"{path}.{name}", $"is {(json.ValueKind == JsonValueKind.Number ? json.GetRawText() : Kind(json))}: it must be a whole number from {least} to {most}");
        return null;
    }

    /// <summary>Facts by dotted name, sorted; null where there are none.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Facts(Dictionary<string, JsonElement> given, string path, string name)
    {
        var field = $"{path}.{name}";
        if (!given.TryGetValue(name, out var json) || json.ValueKind == JsonValueKind.Null || !IsObject(field, json))
            return null;
        var facts = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var fact in json.EnumerateObject())
        {
            if (fact.Name.Length is 0 or > TextLength || fact.Name.Any(char.IsControl))
                Wrong($"{field}.{Shorten(fact.Name)}", $"must have a name of 1 to {TextLength} characters without control characters");
            else if (Depth(fact.Value) > FactDepth)
                Wrong($"{field}.{fact.Name}", $"is nested deeper than {FactDepth}: use a dotted name");
            else if (!facts.TryAdd(fact.Name, fact.Value.Clone()))
                Wrong($"{field}.{fact.Name}", "is given twice: give it once");
        }

        if (facts.Count > FactCount)
            Wrong(field, $"has {facts.Count} entries and {FactCount} are allowed");
        return facts.Count == 0 ? null : facts;
    }

    private static int Depth(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => 1 + json.EnumerateObject().Select(p => Depth(p.Value)).DefaultIfEmpty(0).Max(),
        JsonValueKind.Array => 1 + json.EnumerateArray().Select(Depth).DefaultIfEmpty(0).Max(),
        _ => 0,
    };

    private string? TextOf(string field, JsonElement json, bool lower)
    {
        if (json.ValueKind != JsonValueKind.String)
        {
            Wrong(field, $"is {Kind(json)}: it must be a string of 1 to {TextLength} characters");
            return null;
        }

        var text = json.GetString()!.Trim();
        if (text.Length is 0 or > TextLength || text.Any(char.IsControl))
        {
            Wrong(field, $"must have 1 to {TextLength} characters and no control characters");
            return null;
        }

        return lower ? text.ToLowerInvariant() : text;
    }

    private static string Kind(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static string Shorten(string text) => text.Length <= TextLength ? text : text[..TextLength] + "…";
}
