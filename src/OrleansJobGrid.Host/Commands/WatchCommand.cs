using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Progress;

namespace OrleansJobGrid.Host.Commands;

internal static class WatchCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, url) = (CommonOptions.JobId(), CommonOptions.Url());
        var json = CommonOptions.Json("NDJSON, {\"event\": \"state|progress|end\", \"data\": {...}} a line");
        var preview = new Option<string?>("--preview") { HelpName = "FILE", Description = "Keeps the latest unfinished picture in this file, where the job's service shows any." };
        var command = new JobGridCommand(environment, "watch", "Follows a job to its end.")
        {
            Notes = "Ctrl+C ends the watching; the job goes on.",
            Arguments = { id },
            Options = { url, preview, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var jobId = parse.GetRequiredValue(id);
            var previews = parse.GetValue(preview) is { } file ? new PreviewFile(file) : null;
            if (parse.GetValue(json))
                return await StreamAsync(grid.Client, jobId, previews, environment.Out, cancellationToken);
            // Asked first, so that a grid that is not there and an id that is wrong are said without a bar.
            var job = await grid.Impatient.GetJobAsync(jobId, cancellationToken);
            var display = ProgressDisplay.For(environment, json: false);
            await display.ShowAsync([jobId], async () => job = await JobFollower.FollowAsync(grid.Client, jobId, display, previews, cancellationToken));
            foreach (var output in job.Outputs ?? [])
                environment.Out.WriteLine(Printable.Of($"{output.Name}  {output.Size} bytes  {output.Artefact}"));
            return CodeOf(job);
        });
        return command;
    }

    private static async Task<int> StreamAsync(JobGridClient client, string jobId, PreviewFile? previews, TextWriter output, CancellationToken cancellationToken)
    {
        var code = ExitCode.Grid;
        await foreach (var update in client.WatchAsync(jobId, previews is not null, cancellationToken))
        {
            if (update is JobPreviewUpdate preview)
            {
                previews?.Write(preview);
                continue;
            }

            var (name, data) = update switch
            {
                JobStateUpdate(var job) => ("state", JsonOutput.Node(job, JobGridJson.Default.Job)),
                JobProgressUpdate progress => ("progress", JsonOutput.Node(progress, JobGridJson.Default.JobProgressUpdate)),
                JobEndUpdate(var job) => ("end", JsonOutput.Node(job, JobGridJson.Default.Job)),
                _ => throw new InvalidOperationException($"No line is defined for {update.GetType().Name}."),
            };
            JsonOutput.Line(output, new JsonObject { ["event"] = name, ["data"] = data });
            if (update is JobEndUpdate(var last))
                code = CodeOf(last);
        }

        return code;
    }

    private static int CodeOf(Job job) => job.Status == JobStatus.Completed ? ExitCode.Ok : ExitCode.JobNotCompleted;
}
