using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// What a workflow is made into before it is posted: uploaded files under the names that the server gave them, and what it saves in a folder
/// of its own, so that no cached output of another prompt is taken for its, and its files can be found by its mark alone.
/// </summary>
internal static class ComfyWorkflow
{
    private const string Prefix = "filename_prefix";

    /// <summary>The folder below <c>output/</c> that a prompt saves to.</summary>
    public static string FolderOf(string externalId) => $"jobgrid/{externalId}";

    /// <summary>Whether an input of a node is this text.</summary>
    public static bool Uses(JsonObject workflow, string text) =>
        workflow.Any(n => n.Value!["inputs"] is JsonObject inputs && inputs.Any(i => TextOf(i.Value) == text));

    /// <summary>The classes of its nodes.</summary>
    public static IEnumerable<string> ClassesOf(JsonObject workflow) => workflow.Select(n => ClassOf(n.Value!)).Distinct(StringComparer.Ordinal);

    /// <summary>A copy to be posted under a mark.</summary>
    /// <param name="workflow">The workflow as submitted.</param>
    /// <param name="names">What the server calls the files that nodes name.</param>
    /// <param name="externalId">The mark.</param>
    public static JsonObject Marked(JsonObject workflow, IReadOnlyDictionary<string, string> names, string externalId)
    {
        var marked = (JsonObject)workflow.DeepClone();
        foreach (var (_, node) in marked)
        {
            if (node!["inputs"] is not JsonObject inputs)
                continue;
            foreach (var (input, value) in inputs.ToList())
            {
                if (TextOf(value) is not { } text)
                    continue;
                if (input == Prefix)
                    inputs[input] = $"{FolderOf(externalId)}/{text}";
                else if (names.TryGetValue(text, out var uploaded))
                    inputs[input] = uploaded;
            }
        }

        return marked;
    }

    /// <summary>
    /// The files by which one can tell, without its history, that a marked workflow has come to its end; null: one cannot, since something
    /// else than SaveImage makes an output, or a name is made by the server.
    /// </summary>
    /// <param name="marked">The workflow as posted.</param>
    /// <param name="isOutput">Whether nodes of a class make outputs; null: not known.</param>
    public static ComfyManifest? ManifestOf(JsonObject marked, Func<string, bool?> isOutput)
    {
        var saves = new List<ComfySave>();
        foreach (var (id, node) in marked)
        {
            var type = ClassOf(node!);
            if (type != "SaveImage")
            {
                if (isOutput(type) == false)
                    continue;
                return null;
            }

            if (TextOf(node!["inputs"]?[Prefix]) is not { } prefix || prefix.Contains('%', StringComparison.Ordinal))
                return null;
            var slash = prefix.LastIndexOf('/');
            saves.Add(new(id, prefix[..slash], prefix[(slash + 1)..]));
        }

        return saves.Count == 0 ? null : new(saves);
    }

    private static string ClassOf(JsonNode node) => node["class_type"]!.GetValue<string>();

    private static string? TextOf(JsonNode? value) => value is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : null;
}
