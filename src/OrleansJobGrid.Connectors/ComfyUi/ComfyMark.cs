using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Our mark in a prompt's <c>extra_data</c>, which every version gives back in its queue and its history.</summary>
internal static class ComfyMark
{
    private const string Field = "jobgrid";

    public static void Put(JsonObject extraData, string externalId, string jobId) =>
        extraData[Field] = new JsonObject { ["id"] = externalId, ["job"] = jobId };

    /// <summary>Whether something is an item of the queue, or the prompt of a history entry.</summary>
    public static bool IsItem(JsonElement item) =>
        item.ValueKind == JsonValueKind.Array && item.GetArrayLength() >= 4 && item[1].ValueKind == JsonValueKind.String;

    /// <summary>Whether it bears our mark, or one of the ids.</summary>
    public static bool IsOf(JsonElement item, string externalId, string? promptId) =>
        item[1].GetString() is { } id && (id == externalId || id == promptId || MarkOf(item[3]) == externalId);

    private static string? MarkOf(JsonElement extraData) =>
        extraData.ValueKind == JsonValueKind.Object && extraData.TryGetProperty(Field, out var mark) ? ComfyHistory.TextOf(mark, "id") : null;
}
