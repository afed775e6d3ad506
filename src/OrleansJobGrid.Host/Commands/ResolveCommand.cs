using System.CommandLine;
using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class ResolveCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, reason, url) = (CommonOptions.JobId(), CommonOptions.Reason(), CommonOptions.Url());
        var json = CommonOptions.Json("the grid's answer as one JSON document");
        var resolution = new Argument<string>("RESOLUTION") { Description = "What became of it: completed, requeue or fail.", HelpName = "completed|requeue|fail" };
        resolution.AcceptOnlyFromAmong([.. JobResolution.All]);
        var result = new Option<string?>("--result") { Description = "With completed: the job's result, a JSON file or JSON itself.", HelpName = "FILE|JSON" };
        var command = new JobGridCommand(environment, "resolve", "Says what became of a job that is reconciling, by an operator's word.")
        {
            Notes = """
                A job is reconciling when its worker is lost and the service that did the work is asked what became of it. Where nobody can
                ask, 'jobgrid status ID' says why it is held and where its work was posted. Look there, and then say:
                  completed  it was done; give its result with --result, if it has one
                  requeue    run it again: if it still runs there, it runs twice
                  fail       make it a dead letter

                Examples:
                  jobgrid resolve ID completed --reason "output found on the service's disk" --result '{"image": "a.png"}'
                  jobgrid resolve ID requeue --reason "the machine was returned"
                """,
            Arguments = { id, resolution },
            Options = { reason, result, url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            var (jobId, word) = (parse.GetRequiredValue(id), parse.GetRequiredValue(resolution));
            var document = parse.GetValue(result) is { } given ? Read(given, word) : (JsonElement?)null;
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var answer = await grid.Impatient.ResolveAsync(jobId, word, parse.GetValue(reason), document, cancellationToken);
            ControlCommands.Write(environment, jobId, answer, parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static JsonElement Read(string given, string resolution)
    {
        if (resolution != JobResolution.Completed)
            throw CommandFailure.Usage($"--result goes with 'completed' only, not with '{resolution}'.", "Leave it out, or resolve the job as completed.");
        var isFile = File.Exists(given);
        try
        {
            using var document = JsonDocument.Parse(isFile ? File.ReadAllText(given) : given);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new CommandFailure(
                ExitCode.Usage,
                isFile ? $"The file {given} of --result holds no valid JSON: {e.Message}" : $"--result is '{given}', which is neither a file nor valid JSON.",
                isFile ? "Mend it at that place." : "Name a file, or write JSON such as '{\"ok\": true}' or '\"text\"'.",
                e);
        }
    }
}
