using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OrleansJobGrid.Host.JobFiles;

/// <summary>
/// Which fields of a payload name files. <c>imaging</c>: the elements of <c>inputs[]</c>; <c>process</c> and <c>comfyui</c>: the values of
/// <c>inputs{}</c>. What is uploaded already is named by <c>sha256-HEX</c>, and any artefact, such as another job's output, by <c>artefact:ID</c>.
/// </summary>
internal static partial class PayloadFiles
{
    private const string ArtefactPrefix = "artefact:";

    /// <summary>Finds the files of a payload and replaces <c>artefact:ID</c> by the id.</summary>
    /// <param name="service">The job's service.</param>
    /// <param name="payload">The payload, changed in place.</param>
    /// <param name="folder">What relative paths are resolved against.</param>
    /// <param name="error">Called with field and complaint for each that cannot be used.</param>
    public static List<PayloadFile> Find(string service, JsonNode? payload, string folder, Action<string, string> error)
    {
        var files = new List<PayloadFile>();
        switch (service, (payload as JsonObject)?["inputs"])
        {
            case ("imaging", JsonArray inputs):
                for (var i = 0; i < inputs.Count; i++)
                    Take(inputs, i, inputs[i], $"payload.inputs[{i}]");
                break;
            case ("process" or "comfyui", JsonObject inputs):
                foreach (var (name, value) in inputs.ToList())
                    Take(inputs, name, value, $"payload.inputs.{name}");
                break;
            case ("imaging", not null):
                error("payload.inputs", "must be an array of files, like [\"photo.png\"]");
                break;
            case ("process" or "comfyui", not null):
                error("payload.inputs", "must be an object of names and files, like {\"scene.json\": \"./scene.json\"}");
                break;
        }

        return files;

        void Take(JsonNode owner, object key, JsonNode? value, string field)
        {
            if (value is not JsonValue text || !text.TryGetValue<string>(out var name) || name.Length == 0)
            {
                error(field, "must be the path of a file, as a string");
                return;
            }

            if (name.StartsWith(ArtefactPrefix, StringComparison.Ordinal))
            {
                new PayloadFile("", owner, key).Replace(name[ArtefactPrefix.Length..]);
                return;
            }

            var path = Path.GetFullPath(name, folder);
            if (File.Exists(path))
                files.Add(new PayloadFile(path, owner, key));
            else if (Directory.Exists(path))
                error(field, $"'{name}' is a folder; name a file");
            else if (!UploadId().IsMatch(name))
                error(field, $"the file '{name}' does not exist (looked for {path}); paths are read from the job file's folder");
        }
    }

    [GeneratedRegex("^sha256-[0-9a-f]{64}$")]
    private static partial Regex UploadId();
}
