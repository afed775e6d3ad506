using System.Text.Json;

namespace OrleansJobGrid.TestService;

/// <summary>Ended executions on disk, one file each, whole or not there.</summary>
internal sealed class KeptExecutions
{
    private readonly string _folder;

    public KeptExecutions(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    private sealed record Kept(JobRequest Request, string State, JobError? Error, byte[]? File);

    public void Write(Execution execution, string state, byte[]? file)
    {
        var path = Path.Combine(_folder, execution.Request.Id);
        using (var stream = new FileStream(path + ".part", FileMode.Create))
        {
            JsonSerializer.Serialize(stream, new Kept(execution.Request, state, execution.Error, file), Json.Options);
            stream.Flush(flushToDisk: true);
        }

        File.Move(path + ".part", path, overwrite: true);
    }

    public IEnumerable<(Execution Execution, byte[]? File)> Read()
    {
        foreach (var path in Directory.EnumerateFiles(_folder).Where(p => !p.EndsWith(".part", StringComparison.Ordinal)))
        {
            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllText(path), Json.Options)
                ?? throw new InvalidDataException($"{path} is empty.");
            yield return (new Execution(kept.Request) { State = kept.State, Error = kept.Error, Progress = 100 }, kept.File);
        }
    }
}
