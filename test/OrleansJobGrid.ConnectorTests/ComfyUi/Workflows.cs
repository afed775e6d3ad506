using System.Text.Json.Nodes;

namespace OrleansJobGrid.ConnectorTests.ComfyUi;

/// <summary>Payloads for the test server.</summary>
internal static class Workflows
{
    /// <summary>EmptyImage, ImageInvert, SaveImage.</summary>
    public static JsonObject Plain(int color = 0, int batch = 1) => new()
    {
        ["1"] = Node("EmptyImage", ("width", 8), ("height", 4), ("batch_size", batch), ("color", color)),
        ["2"] = Node("ImageInvert", ("image", Link("1"))),
        ["3"] = Node("SaveImage", ("images", Link("2")), ("filename_prefix", "t")),
    };

    /// <summary>One that takes some steps.</summary>
    public static JsonObject Slow(int steps, int stepMs = 5, bool deaf = false)
    {
        var workflow = Plain();
        workflow["4"] = Node("TestSlow", ("image", Link("2")), ("steps", steps), ("step_ms", stepMs), ("deaf", deaf ? 1 : 0));
        workflow["3"]!["inputs"]!["images"] = Link("4");
        return workflow;
    }

    /// <summary>One whose last node but one fails.</summary>
    public static JsonObject Failing(string exceptionType, string message)
    {
        var workflow = Plain();
        workflow["4"] = Node("TestFail", ("image", Link("2")), ("exception_type", exceptionType), ("message", message));
        workflow["3"]!["inputs"]!["images"] = Link("4");
        return workflow;
    }

    public static string Payload(JsonObject workflow, params (string Name, string Artefact)[] inputs)
    {
        var payload = new JsonObject { ["workflow"] = workflow.DeepClone() };
        if (inputs.Length > 0)
            payload["inputs"] = new JsonObject(inputs.Select(i => KeyValuePair.Create(i.Name, (JsonNode?)i.Artefact)));
        return payload.ToJsonString();
    }

    public static JsonObject Node(string type, params (string Name, JsonNode? Value)[] inputs) =>
        new() { ["class_type"] = type, ["inputs"] = new JsonObject(inputs.Select(i => KeyValuePair.Create(i.Name, i.Value))) };

    public static JsonArray Link(string node) => [node, 0];
}
