using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class StatusCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, url, json) = (CommonOptions.JobId(), CommonOptions.Url(), CommonOptions.Json("the job as one JSON document"));
        var command = new JobGridCommand(environment, "status", "Shows a job: its state, its failures, what it made.")
        {
            Notes = "A job that failed is shown with exit code 0; 'jobgrid watch' tells by its exit code how a job ended.",
            Arguments = { id },
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var job = await grid.Impatient.GetJobAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, job, JobGridJson.Default.Job);
            else
                JobText.Write(environment.Out, job);
            return ExitCode.Ok;
        });
        return command;
    }
}
