using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestKit.Outside;

/// <summary>How workers are told of the outside service.</summary>
public static class OutsideSettings
{
    /// <summary>The service's name in the grid.</summary>
    public const string Service = "outside";

    /// <summary>The settings below <c>JobGrid</c> of a worker that reaches it under these names of instances, <c>outside/NAME</c>.</summary>
    public static JsonObject Of(Uri url, bool onThisMachine = false, params string[] instances) => new()
    {
        ["Rest"] = new JsonObject
        {
            ["Services"] = new JsonObject
            {
                [Service] = new JsonObject
                {
                    ["Instances"] = new JsonObject(instances.DefaultIfEmpty("a").Select(i => KeyValuePair.Create(i, (JsonNode?)url.ToString()))),
                    ["OnThisMachine"] = new JsonArray([.. (onThisMachine ? instances : []).Select(i => (JsonNode?)i)]),
                    ["PollInterval"] = "00:00:00.100",
                },
            },
        },
    };
}
