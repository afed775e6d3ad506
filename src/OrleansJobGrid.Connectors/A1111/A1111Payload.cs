using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>A job's payload, checked.</summary>
/// <param name="Operation"><c>txt2img</c>, <c>img2img</c> or <c>extras</c>.</param>
/// <param name="Request">Fields of the server's API, as it has them.</param>
/// <param name="Inputs">Artefacts of pictures by the field that they go to: one each, but for <c>init_images</c>.</param>
/// <param name="Model">The model by title, name or hash; null: the one that is loaded.</param>
internal sealed record A1111Payload(string Operation, JsonObject Request, IReadOnlyDictionary<string, IReadOnlyList<string>> Inputs, string? Model)
{
    private const int MaxInputs = 16;

    private static readonly string[] Operations = ["txt2img", "img2img", "extras"];
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>What the grid says itself.</summary>
    private static readonly Dictionary<string, string> Owned = new(StringComparer.Ordinal)
    {
        ["force_task_id"] = "the grid gives the task its own id",
        ["send_images"] = "the pictures always come home",
        ["save_images"] = "the worker's setting JobGrid:A1111:SaveImages says it",
        ["init_images"] = "name the artefacts in payload.inputs.init_images",
        ["mask"] = "name the artefact in payload.inputs.mask",
        ["image"] = "name the artefact in payload.inputs.image",
    };

    /// <summary>The path of the request.</summary>
    public string Path => Operation == "extras" ? "sdapi/v1/extra-single-image" : $"sdapi/v1/{Operation}";

    /// <summary>How many pictures it asks for; null: as many as there come.</summary>
    public int? Pictures => Operation == "extras" ? 1 : Number("batch_size") * Number("n_iter");

    /// <exception cref="InvalidPayloadException">Naming the field and the mend.</exception>
    public static A1111Payload Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException("payload is a JSON object with an operation and a request.");
        string? operation = null, model = null;
        JsonObject request = [];
        var inputs = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var field in json.EnumerateObject())
        {
            switch (field.Name)
            {
                case "operation": operation = TextOf(field.Value, "payload.operation"); break;
                case "model": model = TextOf(field.Value, "payload.model"); break;
                case "request": request = RequestOf(field.Value); break;
                case "inputs": inputs = InputsOf(field.Value); break;
                default: throw new InvalidPayloadException($"payload.{field.Name} is not known. Known are operation, request, inputs, model; fields of the API stand in payload.request.");
            }
        }

        if (operation is null || !Operations.Contains(operation))
            throw new InvalidPayloadException($"payload.operation is '{operation}'; give txt2img, img2img or extras.");
        var needed = operation switch { "img2img" => "init_images", "extras" => "image", _ => null };
        if (needed is not null && !inputs.ContainsKey(needed))
            throw new InvalidPayloadException($"payload.inputs.{needed} is missing: {operation} needs the artefact of a picture.");
        string[] allowed = operation switch { "img2img" => ["init_images", "mask"], "extras" => ["image"], _ => [] };
        if (inputs.Keys.FirstOrDefault(i => !allowed.Contains(i)) is { } other)
            throw new InvalidPayloadException($"payload.inputs.{other} is not for {operation}{(allowed.Length == 0 ? ", which takes no pictures" : $", which takes {string.Join(" and ", allowed)}")}.");
        if (model is not null && operation == "extras")
            throw new InvalidPayloadException("payload.model is not for extras, which name their upscaler in payload.request.");
        return new(operation, request, inputs, model);
    }

    private static string TextOf(JsonElement value, string field) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw new InvalidPayloadException($"{field} is a text.");

    private static JsonObject RequestOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException("payload.request is an object with fields of the API.");
        JsonObject request;
        try
        {
            request = (JsonObject)JsonNode.Parse(value.GetRawText(), null, Strict)!;
        }
        catch (JsonException e)
        {
            throw new InvalidPayloadException($"payload.request cannot be read: {e.Message}");
        }

        foreach (var (field, _) in request)
        {
            if (Owned.TryGetValue(field, out var why))
                throw new InvalidPayloadException($"payload.request.{field} is not yours to give: {why}.");
        }

        return request;
    }

    private static Dictionary<string, IReadOnlyList<string>> InputsOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException("payload.inputs is an object of fields with their artefacts.");
        var inputs = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var input in value.EnumerateObject())
        {
            IReadOnlyList<string> artefacts = input.Value.ValueKind switch
            {
                JsonValueKind.String => [input.Value.GetString()!],
                JsonValueKind.Array when input.Name == "init_images" && input.Value.GetArrayLength() is > 0 and <= MaxInputs => [.. input.Value.EnumerateArray().Select(a => TextOf(a, $"payload.inputs.{input.Name}"))],
                _ => throw new InvalidPayloadException($"payload.inputs.{input.Name} is the id of an artefact{(input.Name == "init_images" ? $", or a list of at most {MaxInputs}" : "")}."),
            };
            inputs[input.Name] = artefacts;
        }

        return inputs;
    }

    private int? Number(string field) => Request[field] switch
    {
        null => 1,
        JsonValue value when value.TryGetValue(out int number) => number,
        _ => null,
    };
}
