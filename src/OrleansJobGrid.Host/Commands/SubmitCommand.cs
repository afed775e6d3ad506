using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.JobFiles;

namespace OrleansJobGrid.Host.Commands;

internal static class SubmitCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (file, url) = (CommonOptions.JobFile(), CommonOptions.Url());
        var json = CommonOptions.Json("one JSON document {\"results\": [{index, success, job_id, error}]}");
        var command = new JobGridCommand(environment, "submit", "Submits the jobs of a file and prints their ids, one a line.")
        {
            Notes = JobFileNotes.Text + "\n\nThe file is checked before anything is sent; if it is not right, nothing is submitted (2).",
            Arguments = { file },
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            var jobs = JobFileReader.Read(parse.GetRequiredValue(file));
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            await grid.Impatient.GetHealthAsync(cancellationToken);
            await JobSubmitter.UploadAsync(grid.Client, jobs, cancellationToken);
            var results = await JobSubmitter.SubmitAsync(
                grid.Client, jobs, warning => environment.Error.WriteLine(Printable.Of($"Warning: {warning}")));
            if (parse.GetValue(json))
                environment.Out.WriteLine(new JsonObject
                {
                    ["results"] = new JsonArray([.. results.Select(r => JsonOutput.Node(r, JobGridJson.Default.BatchResult))]),
                }.ToJsonString());
            foreach (var result in results)
            {
                if (!result.Success)
                    environment.Error.WriteLine($"jobgrid: {Printable.Of(JobSubmitter.Refusal(jobs, result))}");
                else if (!parse.GetValue(json))
                    environment.Out.WriteLine(result.JobId);
            }

            return results.TrueForAll(r => r.Success) ? ExitCode.Ok : ExitCode.Usage;
        });
        return command;
    }
}
