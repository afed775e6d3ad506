using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.JobFiles;

namespace OrleansJobGrid.Host.Sagas;

/// <summary>One <c>jobgrid run</c> of a saga: upload, begin, follow, fetch what its jobs made, report.</summary>
/// <param name="environment">Where it writes.</param>
/// <param name="grid">The grid.</param>
/// <param name="folder">Where its files go; null: <c>./out/SAGA_ID</c>.</param>
/// <param name="json">For programs.</param>
internal sealed class SagaRun(CommandEnvironment environment, GridConnection grid, string? folder, bool json)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly TimeSpan CancelBudget = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(SagaSubmissionFile file, CancellationToken cancellationToken)
    {
        var id = (await file.SubmitAsync(grid.Client, cancellationToken)).SagaId;
        if (!json)
            environment.Out.WriteLine($"saga {id}");
        Saga saga;
        try
        {
            // Nobody else could move it on from here.
            saga = await SagaDisplay.FollowAsync(environment, grid.Client, id, json, untilParked: true, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var budget = new CancellationTokenSource(CancelBudget, environment.TimeProvider);
            await grid.Client.CancelSagaAsync(id, reason: "jobgrid run was interrupted", cancellationToken: budget.Token);
            environment.Error.WriteLine($"jobgrid: saga {id} was asked to end; what it did is undone.");
            return ExitCode.JobNotCompleted;
        }

        var files = saga.Status == SagaStatus.Completed ? await FetchAsync(saga, cancellationToken) : [];
        if (json)
        {
            environment.Out.WriteLine(new JsonObject
            {
                ["saga"] = JsonOutput.Node(saga, JobGridJson.Default.Saga),
                ["files"] = new JsonArray([.. files.Select(f => (JsonNode)f)]),
            }.ToJsonString());
        }
        else
        {
            foreach (var path in files)
                environment.Out.WriteLine(path);
            if (saga.Output is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } output && saga.Status == SagaStatus.Completed)
            {
                foreach (var line in JsonNode.Parse(output.GetRawText())!.ToJsonString(Readable).ReplaceLineEndings("\n").Split('\n'))
                    environment.Out.WriteLine(Printable.Of(line));
            }
        }

        return saga.Status == SagaStatus.Completed ? ExitCode.Ok : ExitCode.JobNotCompleted;
    }

    /// <summary>The files of all its jobs.</summary>
    private async Task<List<string>> FetchAsync(Saga saga, CancellationToken cancellationToken)
    {
        var plan = new OutputPlan(folder ?? Path.Combine("out", saga.Id.Replace(":", "%3A", StringComparison.Ordinal)));
        var files = new List<string>();
        foreach (var unit in saga.Steps.Where(s => s.Kind == "job").SelectMany(s => s.Units).Where(u => u is { Status: "completed", WorkId: not null }))
        {
            var job = await grid.Client.GetJobAsync(unit.WorkId!, cancellationToken);
            foreach (var output in job.Outputs ?? [])
            {
                var path = plan.PathOf(job.Id, output);
                await grid.Client.DownloadAsync(output.Artefact, path, output.Sha256, cancellationToken);
                files.Add(path);
            }
        }

        return files;
    }
}
