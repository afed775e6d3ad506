using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>
/// The nodes that the server has: some of ComfyUI's own that need no model, and three for tests: <c>TestSlow</c> (steps of some milliseconds, which
/// look for an interrupt unless it is deaf), <c>TestFail</c> (an exception of Python) and <c>TestText</c> (an output that is no file).
/// </summary>
internal static class ComfyNodes
{
    private static readonly Dictionary<string, string> Definitions = new(StringComparer.Ordinal)
    {
        ["EmptyImage"] = """{"required":{"width":["INT",{"default":512,"min":1,"max":16384,"step":1}],"height":["INT",{"default":512,"min":1,"max":16384,"step":1}],"batch_size":["INT",{"default":1,"min":1,"max":4096}],"color":["INT",{"default":0,"min":0,"max":16777215}]}}""",
        ["ImageScale"] = """{"required":{"image":["IMAGE"],"upscale_method":[["nearest-exact","bilinear","area","bicubic","lanczos"]],"width":["INT",{"min":0,"max":16384}],"height":["INT",{"min":0,"max":16384}],"crop":[["disabled","center"]]}}""",
        ["ImageInvert"] = """{"required":{"image":["IMAGE"]}}""",
        ["SaveImage"] = """{"required":{"images":["IMAGE"],"filename_prefix":["STRING",{"default":"ComfyUI"}]}}""",
        ["PreviewImage"] = """{"required":{"images":["IMAGE"]}}""",
        ["LoadImage"] = """{"required":{"image":["FILE"]}}""",
        ["CheckpointLoaderSimple"] = """{"required":{"ckpt_name":[[]]}}""",
        ["TestSlow"] = """{"required":{"image":["IMAGE"],"steps":["INT",{"min":1,"max":100000}],"step_ms":["INT",{"min":0,"max":60000}],"deaf":["INT",{"min":0,"max":1}]}}""",
        ["TestFail"] = """{"required":{"image":["IMAGE"],"exception_type":["STRING"],"message":["STRING"]}}""",
        ["TestText"] = """{"required":{"image":["IMAGE"],"text":["STRING"]}}""",
    };

    private static readonly string[] Outputs = ["SaveImage", "PreviewImage", "TestText"];

    public static bool Knows(string type) => Definitions.ContainsKey(type);

    public static bool IsOutput(string type) => Outputs.Contains(type);

    public static JsonObject Info(string type, IReadOnlyList<string> checkpoints) => new() { ["input"] = DefinitionOf(type, checkpoints), ["output_node"] = IsOutput(type), ["name"] = type };

    public static bool IsLink(JsonNode? value) => value is JsonArray { Count: 2 } link && link[0] is JsonValue id && id.GetValueKind() == JsonValueKind.String;

    private static JsonNode DefinitionOf(string type, IReadOnlyList<string> checkpoints)
    {
        var definition = JsonNode.Parse(Definitions[type])!;
        if (type == "CheckpointLoaderSimple")
            definition["required"]!["ckpt_name"] = new JsonArray(new JsonArray([.. checkpoints.Select(c => (JsonNode?)c)]));
        return definition;
    }

    /// <summary>What is wrong with a node's inputs.</summary>
    public static List<JsonObject> Validate(JsonObject prompt, JsonObject node, IReadOnlyList<string> checkpoints, Func<string, bool> hasInput)
    {
        var errors = new List<JsonObject>();
        var inputs = node["inputs"] as JsonObject ?? [];
        foreach (var (name, definition) in (JsonObject)DefinitionOf(node["class_type"]!.GetValue<string>(), checkpoints)["required"]!)
        {
            if (inputs[name] is not { } value)
                errors.Add(Error("required_input_missing", "Required input is missing", name, name));
            else if (IsLink(value))
            {
                if (!prompt.ContainsKey(value[0]!.GetValue<string>()))
                    errors.Add(Error("exception_during_validation", "Exception when validating node", $"'{value[0]}'", name));
            }
            else
                Check(name, (JsonArray)definition!, value, hasInput, errors);
        }

        return errors;
    }

    private static void Check(string name, JsonArray definition, JsonNode value, Func<string, bool> hasInput, List<JsonObject> errors)
    {
        if (definition[0] is JsonArray choices)
        {
            if (!choices.Any(c => c!.ToJsonString() == value.ToJsonString()))
                errors.Add(Error("value_not_in_list", "Value not in list", $"{name}: '{value}' not in [{string.Join(", ", choices.Select(c => $"'{c}'"))}]", name, value));
            return;
        }

        switch (definition[0]!.GetValue<string>())
        {
            case "IMAGE":
                errors.Add(Error("return_type_mismatch", "Return type mismatch between linked nodes", $"{name}, received_type({value}) mismatch input_type(IMAGE)", name, value));
                break;
            case "FILE" when !hasInput(value.GetValue<string>()):
                errors.Add(Error("custom_validation_failed", "Custom validation failed for node", $"{name} - Invalid image file: {value}", name, value));
                break;
            case "INT":
                if (value.GetValueKind() != JsonValueKind.Number)
                    errors.Add(Error("invalid_input_type", "Failed to convert an input value to a INT value", $"{name}, {value}, invalid literal for int()", name, value));
                else if (definition[1]!["max"]?.GetValue<double>() is { } max && value.GetValue<double>() > max)
                    errors.Add(Error("value_bigger_than_max", $"Value {value} bigger than max of {max.ToString(CultureInfo.InvariantCulture)}", name, name, value));
                else if (definition[1]!["min"]?.GetValue<double>() is { } min && value.GetValue<double>() < min)
                    errors.Add(Error("value_smaller_than_min", $"Value {value} smaller than min of {min.ToString(CultureInfo.InvariantCulture)}", name, name, value));
                break;
        }
    }

    private static JsonObject Error(string type, string message, string details, string input, JsonNode? received = null) => new()
    {
        ["type"] = type,
        ["message"] = message,
        ["details"] = details,
        ["extra_info"] = new JsonObject { ["input_name"] = input, ["received_value"] = received?.DeepClone() },
    };
}
