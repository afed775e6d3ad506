using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.JobFiles;
using OrleansJobGrid.Host.Progress;

namespace OrleansJobGrid.Host.Commands;

/// <summary>One <c>jobgrid run</c> against a grid: upload, submit, follow, fetch, report.</summary>
internal sealed class JobRun(CommandEnvironment environment, GridConnection grid, OutputPlan plan, bool json)
{
    /// <summary>Streams open at a time; further jobs are followed as earlier ones end.</summary>
    private const int OpenStreams = 64;

    private static readonly TimeSpan CancelBudget = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Job> _ended = [];
    private readonly ConcurrentDictionary<string, IReadOnlyList<string>> _files = [];

    public async Task<int> RunAsync(JobFile file, CancellationToken cancellationToken)
    {
        try
        {
            await JobSubmitter.UploadAsync(grid.Client, file, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            environment.Error.WriteLine("Interrupted before anything was submitted.");
            return ExitCode.JobNotCompleted;
        }

        var results = await JobSubmitter.SubmitAsync(grid.Client, file, w => environment.Error.WriteLine(Printable.Of($"Warning: {w}")));
        var ids = results.Where(r => r is { Success: true, JobId: not null }).Select(r => r.JobId!).ToList();
        var refused = results.Where(r => !r.Success).Select(r => JobSubmitter.Refusal(file, r)).ToList();
        if (refused.Count > 0)
        {
            // The run cannot succeed any more, so the GPUs are not to be kept busy with its other jobs.
            foreach (var refusal in refused)
                environment.Error.WriteLine($"jobgrid: {Printable.Of(refusal)}");
            await CancelAsync(ids);
            WriteReport(ids, refused);
            return ExitCode.Usage;
        }

        try
        {
            var display = ProgressDisplay.For(environment, json);
            await display.ShowAsync(ids, () => Parallel.ForEachAsync(
                ids,
                new ParallelOptions { MaxDegreeOfParallelism = OpenStreams, CancellationToken = cancellationToken },
                async (id, token) => await FinishAsync(id, display, token)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await CancelAsync(ids);
            WriteReport(ids, refused);
            return ExitCode.JobNotCompleted;
        }

        WriteReport(ids, refused);
        return ids.TrueForAll(id => _ended[id].Status == JobStatus.Completed) ? ExitCode.Ok : ExitCode.JobNotCompleted;
    }

    private async Task FinishAsync(string jobId, IProgressDisplay display, CancellationToken cancellationToken)
    {
        var job = await JobFollower.FollowAsync(grid.Client, jobId, display, previews: null, cancellationToken);
        var files = new List<string>();
        foreach (var output in job.Status == JobStatus.Completed ? job.Outputs ?? [] : [])
        {
            var path = plan.PathOf(jobId, output);
            await grid.Client.DownloadAsync(output.Artefact, path, output.Sha256, cancellationToken);
            files.Add(path);
        }

        _files[jobId] = files;
        _ended[jobId] = job;
    }

    /// <summary>Asks for the end of all jobs that have not ended; what cannot be cancelled is said, and the others are still asked.</summary>
    private async Task CancelAsync(List<string> ids)
    {
        using var budget = new CancellationTokenSource(CancelBudget, environment.TimeProvider);
        var cancelled = 0;
        foreach (var id in ids.Where(id => !_ended.ContainsKey(id)))
        {
            try
            {
                await grid.Client.CancelAsync(id, budget.Token);
                cancelled++;
            }
            catch (JobGridException e)
            {
                environment.Error.WriteLine(Printable.Of($"jobgrid: {id} could not be cancelled: {e.Message}"));
            }
            catch (OperationCanceledException) when (budget.IsCancellationRequested)
            {
                environment.Error.WriteLine($"jobgrid: the grid did not take the cancels in {CancelBudget.TotalSeconds} s; {id} and later jobs may still run.");
                break;
            }
        }

        environment.Error.WriteLine($"Cancelled {cancelled} of {ids.Count} jobs.");
    }

    private void WriteReport(List<string> ids, List<string> refused)
    {
        if (json)
        {
            var jobs = ids.Select(id => new JsonObject
            {
                ["job_id"] = id,
                ["job"] = _ended.TryGetValue(id, out var job) ? JsonOutput.Node(job, JobGridJson.Default.Job) : null,
                ["files"] = new JsonArray([.. FilesOf(id).Select(f => (JsonNode)f)]),
            });
            environment.Out.WriteLine(new JsonObject
            {
                ["jobs"] = new JsonArray([.. jobs]),
                ["refused"] = new JsonArray([.. refused.Select(r => (JsonNode)r)]),
            }.ToJsonString());
            return;
        }

        foreach (var id in ids)
        {
            if (!_ended.TryGetValue(id, out var job))
                continue;
            foreach (var path in FilesOf(id))
                environment.Out.WriteLine(path);
            if (job.Status != JobStatus.Completed)
                environment.Error.WriteLine(Printable.Of($"jobgrid: job {id} ended as {job.Status}{(job.ErrorMessage is { } why ? $": {why}" : "")}"));
        }

        var completed = ids.Count(id => _ended.TryGetValue(id, out var job) && job.Status == JobStatus.Completed);
        environment.Out.WriteLine($"{completed} of {ids.Count + refused.Count} jobs completed");
    }

    private IReadOnlyList<string> FilesOf(string id) => _files.TryGetValue(id, out var files) ? files : [];
}
