using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Brings the files of a finished prompt home: pictures, and whatever else nodes name by <c>filename</c>, such as videos.</summary>
internal sealed class ComfyOutputs(ComfyHttp http, IJobContext job, ComfyUiOptions options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Completed with <c>{"prompt_id", "outputs"}</c>, the outputs as the server has them, and all files; or what came in the way.
    /// </summary>
    public async Task<ConnectorResult> Fetch(ComfyWork completed, CancellationToken cancellationToken)
    {
        var kept = new List<JobOutput>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (node, file) in FilesOf(completed.Outputs))
        {
            var (filename, folder, type) = (ComfyHistory.TextOf(file, "filename")!, ComfyHistory.TextOf(file, "subfolder") ?? "", ComfyHistory.TextOf(file, "type") ?? "output");
            var (output, problem) = await OutsideFile.Keep(
                job, http.Id, NameOf(node, filename, names), token => http.Open(filename, folder, type, token), options.Outage, Pause, time, cancellationToken);
            if (output is null)
                return problem!;
            kept.Add(output);
        }

        var result = new JsonObject
        {
            ["prompt_id"] = completed.PromptId,
            ["outputs"] = completed.Outputs is { } outputs ? JsonObject.Create(outputs) : new JsonObject(),
        };
        if (completed.FoundByFiles)
            result["found_by_files"] = true;
        return ConnectorResult.Completed(result, kept);
    }

    /// <summary>All files that nodes name, in the order of nodes and lists.</summary>
    private static IEnumerable<(string Node, JsonElement File)> FilesOf(JsonElement? outputs) =>
        from node in outputs?.EnumerateObject() ?? default
        where node.Value.ValueKind == JsonValueKind.Object
        from list in node.Value.EnumerateObject()
        where list.Value.ValueKind == JsonValueKind.Array
        from file in list.Value.EnumerateArray()
        where ComfyHistory.TextOf(file, "filename") is { Length: > 0 }
        select (node.Name, file);

    /// <summary>The server's name of it; where another has that, with the node before it, and then with a number.</summary>
    private static string NameOf(string node, string filename, HashSet<string> names)
    {
        var plain = filename[(filename.LastIndexOfAny(['/', '\\']) + 1)..];
        if (names.Add(plain))
            return plain;
        for (var n = 1; ; n++)
        {
            var name = $"{node.Replace(':', '-')}-{(n == 1 ? "" : $"{n}-")}{plain}";
            if (names.Add(name))
                return name;
        }
    }
}
