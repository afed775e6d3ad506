using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.JobFiles;
using OrleansJobGrid.Sagas.Definitions;

namespace OrleansJobGrid.Host.Sagas;

/// <summary>A file with a saga's submission: read, checked, and sent with the files that it names.</summary>
internal sealed record SagaSubmissionFile(string Path, SagaRequest Request)
{
    /// <summary>Whether a file is one: YAML, or JSON with a definition or the name of one.</summary>
    public static bool Is(string path)
    {
        if (System.IO.Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml")
            return true;
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) is JsonObject json && (json.ContainsKey("definition") || json.ContainsKey("saga") || json.ContainsKey("steps"));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or IOException or UnauthorizedAccessException)
        {
            // Whoever reads job files says what is wrong with it.
            return false;
        }
    }

    /// <exception cref="JobFileException">It cannot be used; each error names file, line and column.</exception>
    public static SagaSubmissionFile Read(string path)
    {
        var request = SagaReader.ReadRequest(TextOf(path), out var faults, files: true);
        if (request is null)
            throw new JobFileException([.. faults.Select(f => $"{path}:{f.Line}:{f.Column}: {(f.Field.Length == 0 ? "the saga" : f.Field)} {f.Message}")]);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var missing = request.Files.SelectMany(f => f.Value.Select(v => (f.Key, File: v))).Where(f => !File.Exists(System.IO.Path.GetFullPath(f.File.Path, folder))).ToList();
        return missing.Count == 0 ? new(path, request) : throw new JobFileException(
            [.. missing.Select(m => $"{path}:{m.File.Line}:{m.File.Column}: files.{m.Key}: the file '{m.File.Path}' does not exist (looked for {System.IO.Path.GetFullPath(m.File.Path, folder)}); paths are read from the saga file's folder.")]);
    }

    /// <summary>The text of a definition, checked.</summary>
    /// <exception cref="JobFileException">It cannot be used.</exception>
    public static string ReadDefinition(string path)
    {
        var text = TextOf(path);
        return SagaReader.Read(text, out var faults) is null ? throw new JobFileException([.. faults.Select(f => $"{path}:{f.Line}:{f.Column}: {(f.Field.Length == 0 ? "the definition" : f.Field)} {f.Message}")]) : text;
    }

    /// <summary>Uploads its files and begins the saga.</summary>
    public async Task<SagaAnswer> SubmitAsync(JobGridClient client, CancellationToken cancellationToken)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        var input = Request.Input?.DeepClone();
        foreach (var (name, files) in Request.Files)
        {
            var artefacts = new JsonArray();
            foreach (var file in files)
                artefacts.Add((JsonNode?)(await client.UploadAsync(System.IO.Path.GetFullPath(file.Path, folder), cancellationToken)).Artefact);
            input ??= new JsonObject();
            input[name] = files is [{ InList: false }] ? artefacts[0]!.DeepClone() : artefacts;
        }

        var body = new JsonObject { ["input"] = input };
        if (Request.Definition is { } definition)
            body["definition"] = JsonNode.Parse(definition.Json);
        foreach (var (field, value) in ((string, JsonNode?)[])[("saga", Request.Name), ("version", Request.Version), ("id", Request.Id), ("customer_id", Request.CustomerId)])
        {
            if (value is not null)
                body[field] = value;
        }

        return await client.SubmitSagaAsync(System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()), cancellationToken: cancellationToken);
    }

    private static string TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new JobFileException([$"{path}: there is no such file (looked for {System.IO.Path.GetFullPath(path)}). Correct the path."], e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobFileException([$"{path}: cannot be read: {e.Message}"], e);
        }
    }
}
