using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class CancelCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, url, json) = (CommonOptions.JobId(), CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var command = new JobGridCommand(environment, "cancel", "Asks for a job's end.")
        {
            Notes = "A running job is stopped by its worker a moment later; a completion that comes first wins.\n"
                + "'jobgrid watch ID' waits for the outcome.",
            Arguments = { id },
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var jobId = parse.GetRequiredValue(id);
            var answer = await grid.Impatient.CancelAsync(jobId, cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, answer, JobGridJson.Default.OperationAnswer);
            else
                environment.Out.WriteLine(Printable.Of($"{jobId}  {answer.Message ?? "cancel requested"}"));
            return ExitCode.Ok;
        });
        return command;
    }
}
