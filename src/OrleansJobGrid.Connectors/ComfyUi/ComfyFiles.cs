using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>Looks for what a prompt was to save.</summary>
internal sealed class ComfyFiles(ComfyHttp http)
{
    private const int MostFiles = 10_000;

    /// <summary>Completed with the files that are there, where each node that saves has at least one; else null.</summary>
    public async Task<ComfyWork?> Find(string externalId, ComfyManifest manifest, CancellationToken cancellationToken)
    {
        var outputs = new JsonObject();
        foreach (var group in manifest.Saves.GroupBy(s => (s.Folder, s.Stem)))
        {
            var files = new List<string>();
            var save = group.First();
            while (files.Count < MostFiles && await IsThere(save.File(files.Count + 1), save.Folder, cancellationToken))
                files.Add(save.File(files.Count + 1));
            // Nodes that save under one name count on from each other.
            if (files.Count < group.Count())
                return null;
            outputs[save.Node] = new JsonObject
            {
                ["images"] = new JsonArray([.. files.Select(f => new JsonObject { ["filename"] = f, ["subfolder"] = save.Folder, ["type"] = "output" })]),
            };
        }

        return new(SubmissionState.Completed, externalId) { Outputs = JsonElement.Parse(outputs.ToJsonString()), FoundByFiles = true };
    }

    private async Task<bool> IsThere(string file, string folder, CancellationToken cancellationToken)
    {
        using var answer = await http.Open(file, folder, "output", cancellationToken);
        return answer is not null;
    }
}
