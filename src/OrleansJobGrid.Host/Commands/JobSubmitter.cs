using OrleansJobGrid.Client;
using OrleansJobGrid.Host.JobFiles;

namespace OrleansJobGrid.Host.Commands;

/// <summary>Uploads what the jobs of a file name and submits them.</summary>
internal static class JobSubmitter
{
    /// <summary>Jobs a call, so that a batch stays far below the grid's 64 MB.</summary>
    private const int BatchJobs = 250;

    public static async Task UploadAsync(JobGridClient client, JobFile file, CancellationToken cancellationToken)
    {
        var uploaded = new Dictionary<string, string>();
        foreach (var input in file.Jobs.SelectMany(j => j.Files))
        {
            if (!uploaded.TryGetValue(input.FullPath, out var artefact))
                uploaded[input.FullPath] = artefact = (await client.UploadAsync(input.FullPath, cancellationToken)).Artefact;
            input.Replace(artefact);
        }
    }

    /// <summary>Submits all, and returns one result a job, in order. Not to be cancelled in the middle: what is stored would not be known.</summary>
    public static async Task<List<BatchResult>> SubmitAsync(JobGridClient client, JobFile file, Action<string> warn)
    {
        if (file.Jobs.Count == 1)
        {
            var answer = await client.SubmitAsync(file.Jobs[0].Submission);
            foreach (var warning in answer.Warnings ?? [])
                warn($"{answer.JobId}: {warning}");
            return [new BatchResult(0, true, answer.JobId, null)];
        }

        var results = new List<BatchResult>();
        foreach (var batch in file.Jobs.Select(j => j.Submission).Chunk(BatchJobs))
        {
            var offset = results.Count;
            results.AddRange((await client.SubmitBatchAsync(batch)).Select(r => r with { Index = offset + r.Index }));
        }

        return results;
    }

    public static string Refusal(JobFile file, BatchResult result) =>
        $"{file.Path}: job {result.Index + 1} of {file.Jobs.Count}: the grid refused it: {result.ErrorMessage ?? "no reason given"}";
}
