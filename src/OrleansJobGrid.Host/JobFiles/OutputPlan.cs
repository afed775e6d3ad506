using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.JobFiles;

/// <summary>
/// Where <c>run</c> puts outputs: <c>./out/JOB_ID/NAME</c>, or with <c>--out DIR</c> <c>DIR/NAME</c> for all jobs of the file. There two
/// jobs must not make files of one name: where the job file tells the names, it is refused beforehand; else the later file goes to <c>DIR/JOB_ID/NAME</c>.
/// </summary>
internal sealed class OutputPlan(string? folder)
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Refuses a file whose jobs are known to make files of the same name in one folder.</summary>
    /// <exception cref="JobFileException">Two jobs make one name.</exception>
    public void CheckClashes(JobFile file)
    {
        if (folder is null)
            return;
        var makers = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        var errors = new List<string>();
        for (var i = 0; i < file.Jobs.Count; i++)
            foreach (var name in NamesOf(file.Jobs[i].Submission).Distinct(StringComparer.OrdinalIgnoreCase))
                if (!makers.TryAdd(name, i + 1))
                    errors.Add($"{file.Path}: jobs {makers[name]} and {i + 1} both make '{name}', which cannot both go to {folder}. Name them apart, or leave --out off.");
        if (errors.Count > 0)
            throw new JobFileException(errors);
    }

    /// <summary>The path of an output.</summary>
    /// <exception cref="JobGridException">Its name is no plain file name.</exception>
    public string PathOf(string jobId, JobOutputFile output)
    {
        // The name comes from a worker: it must not lead out of the folder.
        if (output.Name is "" or "." or ".." || output.Name.IndexOfAny(['/', '\\', '\0', ':']) >= 0)
            throw new JobGridException($"Job {jobId} has an output with the name '{output.Name}', which is no plain file name. It was not fetched.");
        // Ids may hold ':', which Windows takes for no name, and may consist of dots.
        var own = jobId.All(c => c == '.') ? jobId.Replace(".", "%2E") : jobId.Replace(":", "%3A");
        if (folder is null)
            return Path.Combine("out", own, output.Name);
        lock (_taken)
            return _taken.Add(output.Name) ? Path.Combine(folder, output.Name) : Path.Combine(folder, own, output.Name);
    }

    private static IEnumerable<string> NamesOf(JobSubmission job) => (job.ServiceRequired, job.Payload) switch
    {
        ("imaging", JsonObject payload) when Text(payload["output"]) is { } name => [name],
        ("process", JsonObject payload) when payload["outputs"] is JsonArray names => names.Select(Text).OfType<string>(),
        _ => [],
    };

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
}
