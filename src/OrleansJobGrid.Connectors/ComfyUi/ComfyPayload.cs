using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>A ComfyUI job's payload, checked.</summary>
/// <param name="Workflow">Nodes by id, in the API format.</param>
/// <param name="Inputs">Artefacts by the name under which nodes name them.</param>
/// <param name="ExtraData">What goes along in <c>extra_data</c>; null: nothing.</param>
internal sealed record ComfyPayload(JsonObject Workflow, IReadOnlyDictionary<string, string> Inputs, JsonObject? ExtraData)
{
    private const int MaxInputs = 100;

    /// <summary>Of two nodes or inputs under one name ComfyUI would take one, and nobody knows which.</summary>
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 128 };

    /// <exception cref="InvalidPayloadException">Naming the field and the mend.</exception>
    public static ComfyPayload Parse(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException("payload is a JSON object with a workflow.");
        JsonObject? workflow = null, extra = null;
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in json.EnumerateObject())
        {
            switch (field.Name)
            {
                case "workflow": workflow = WorkflowOf(field.Value); break;
                case "inputs": inputs = InputsOf(field.Value); break;
                case "extra_data": extra = ObjectOf(field.Value, "payload.extra_data"); break;
                default: throw new InvalidPayloadException($"payload.{field.Name} is not known. Known are workflow, inputs, extra_data.");
            }
        }

        if (workflow is null)
            throw new InvalidPayloadException("payload.workflow is required: the workflow in ComfyUI's API format.");
        foreach (var name in inputs.Keys)
        {
            if (!ComfyWorkflow.Uses(workflow, name))
                throw new InvalidPayloadException($"payload.inputs.{name} is used by no node: an input of a node has to be \"{name}\", such as that of LoadImage.");
        }

        return new(workflow, inputs, extra);
    }

    private static JsonObject WorkflowOf(JsonElement value)
    {
        var workflow = ObjectOf(value, "payload.workflow");
        if (workflow["nodes"] is JsonArray && workflow.ContainsKey("links"))
            throw new InvalidPayloadException("payload.workflow is in the format of ComfyUI's editor; export it with \"Export (API)\" (\"Save (API Format)\" in older versions).");
        if (workflow.Count == 0)
            throw new InvalidPayloadException("payload.workflow has no node.");
        foreach (var (id, node) in workflow)
        {
            if (node is not JsonObject fields || fields["class_type"] is not JsonValue type || type.GetValueKind() != JsonValueKind.String)
                throw new InvalidPayloadException($"payload.workflow.{id} is not a node: it needs a class_type, and its inputs.");
            if (fields["inputs"] is not (null or JsonObject))
                throw new InvalidPayloadException($"payload.workflow.{id}.inputs is not an object.");
        }

        return workflow;
    }

    private static JsonObject ObjectOf(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new InvalidPayloadException($"{field} is an object.");
        try
        {
            return (JsonObject)JsonNode.Parse(value.GetRawText(), null, Strict)!;
        }
        catch (JsonException e)
        {
            throw new InvalidPayloadException($"{field} cannot be read: {e.Message}");
        }
    }

    private static Dictionary<string, string> InputsOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() > MaxInputs)
            throw new InvalidPayloadException($"payload.inputs is an object of at most {MaxInputs} names with their artefacts.");
        var inputs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var input in value.EnumerateObject())
        {
            if (input.Name.Length is 0 or > 200 || input.Name.AsSpan().ContainsAny("/\\\0") || input.Name is "." or "..")
                throw new InvalidPayloadException($"payload.inputs.{input.Name} is no file name: 1 to 200 characters without slashes.");
            if (input.Value.ValueKind != JsonValueKind.String)
                throw new InvalidPayloadException($"payload.inputs.{input.Name} is the id of an artefact.");
            if (!inputs.TryAdd(input.Name, input.Value.GetString()!))
                throw new InvalidPayloadException($"payload.inputs.{input.Name} is there twice.");
        }

        return inputs;
    }
}
