using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.JobFiles;

/// <summary>Reads a job file: a single job, an array of jobs, or <c>{"jobs": [...]}</c>. Reports all errors at once.</summary>
internal static class JobFileReader
{
    private static readonly string[] Fields = [.. JobGridJson.Default.JobSubmission.Properties.Select(p => p.Name)];

    /// <exception cref="JobFileException">The file cannot be used.</exception>
    public static JobFile Read(string path)
    {
        var jobs = Elements(path, Parse(path));
        var errors = new List<string>();
        var entries = new List<JobFileEntry>();
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var ids = new Dictionary<string, int>();
        for (var i = 0; i < jobs.Count; i++)
        {
            var label = jobs.Count == 1 ? $"{path}:" : $"{path}: job {i + 1} of {jobs.Count}:";
            var before = errors.Count;
            if (ReadJob(jobs[i], (field, complaint) => errors.Add($"{label} {field}: {complaint}.")) is not { } job)
                continue;
            if (job.Id is not null && !ids.TryAdd(job.Id, i + 1))
                errors.Add($"{label} id: '{job.Id}' is the id of job {ids[job.Id]} too; ids must differ, or leave them out.");
            var files = PayloadFiles.Find(
                job.ServiceRequired, job.Payload, folder, (field, complaint) => errors.Add($"{label} {field}: {complaint}."));
            if (errors.Count == before)
                entries.Add(new JobFileEntry(job, files));
        }

        return errors.Count == 0 ? new JobFile(path, entries) : throw new JobFileException(errors);
    }

    private static JsonNode? Parse(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonNode.Parse(file, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new JobFileException([$"{path}: there is no such file (looked for {Path.GetFullPath(path)}). Correct the path."], e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JobFileException([$"{path}: cannot be read: {e.Message}"], e);
        }
        catch (JsonException e)
        {
            var place = e.LineNumber is { } line ? $"{path}:{line + 1}:{(e.BytePositionInLine ?? 0) + 1}" : path;
            throw new JobFileException([$"{place}: this is not valid JSON: {Plain(e)} Mend it at that line and column."], e);
        }
    }

    private static List<JsonNode?> Elements(string path, JsonNode? root)
    {
        List<JsonNode?>? jobs = root switch
        {
            JsonArray array => [.. array],
            JsonObject wrapper when wrapper.ContainsKey("jobs") => wrapper["jobs"] is JsonArray array ? [.. array] : null,
            JsonObject job => [job],
            _ => null,
        };
        if (jobs is null)
            throw new JobFileException([$"{path}: a job file holds a job object, an array of jobs, or {{\"jobs\": [...]}}."]);
        if (root is JsonObject both && both.ContainsKey("jobs") && both.Select(p => p.Key).FirstOrDefault(k => k != "jobs") is { } other)
            throw new JobFileException([$"{path}: unknown field '{other}' beside 'jobs'; put it into each job."]);
        return jobs.Count > 0 ? jobs : throw new JobFileException([$"{path}: there is no job in it; add at least one."]);
    }

    private static JobSubmission? ReadJob(JsonNode? node, Action<string, string> error)
    {
        if (node is not JsonObject fields)
        {
            error("job", "must be an object with at least 'service_required'");
            return null;
        }

        var unknown = fields.Select(f => f.Key).Where(k => !Fields.Contains(k)).ToList();
        foreach (var name in unknown)
            error(name, "unknown field" + (Spelling.Nearest(name, Fields) is { } near ? $"; did you mean '{near}'?" : $"; a job has {string.Join(", ", Fields)}"));
        if (!fields.ContainsKey("service_required"))
        {
            if (!unknown.Any(u => Spelling.Nearest(u, Fields) == "service_required"))
                error("service_required", "is missing; name the service that does the job, such as \"imaging\"");
            return null;
        }

        if (unknown.Count > 0)
            return null;
        try
        {
            var job = fields.Deserialize(JobGridJson.Default.JobSubmission)!;
            return JobFields.Check(job, error) ? job : null;
        }
        catch (JsonException e)
        {
            error(e.Path is { Length: > 2 } at ? at[2..] : "job", $"{Plain(e)} Correct its value");
            return null;
        }
    }

    /// <summary>The parser's words without the place, which is told apart.</summary>
    private static string Plain(JsonException e)
    {
        var end = e.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        if (end < 0)
            end = e.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
        return end < 0 ? e.Message : e.Message[..end];
    }
}
