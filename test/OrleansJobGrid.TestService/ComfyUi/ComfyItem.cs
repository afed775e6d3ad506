using System.Text.Json.Nodes;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>A prompt in the queue.</summary>
internal sealed record ComfyItem(double Number, string Id, JsonObject Prompt, JsonObject ExtraData, IReadOnlyList<string> Outputs)
{
    public string? ClientId => ExtraData["client_id"] is JsonValue id && id.TryGetValue<string>(out var text) ? text : null;

    /// <summary>As the queue and the history tell it.</summary>
    public JsonArray ToJson() =>
        [Number, Id, Prompt.DeepClone(), ExtraData.DeepClone(), new JsonArray([.. Outputs.Select(o => (JsonNode?)o)])];
}

/// <summary>An image on its way through nodes.</summary>
internal sealed record ComfyImage(int Width, int Height, int Color, int Batch);

/// <summary>A node went wrong.</summary>
internal sealed class ComfyNodeException(string type, string message) : Exception(message)
{
    public string Type => type;
}

/// <summary>The prompt was interrupted.</summary>
internal sealed class ComfyInterruptedException : Exception;
