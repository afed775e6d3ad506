using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class EventsCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (id, url, json) = (CommonOptions.JobId(), CommonOptions.Url(), CommonOptions.Json("NDJSON, an event a line"));
        var command = new JobGridCommand(environment, "events", "Shows a job's audit log, oldest first.")
        {
            Notes = "Every transition and every decision about it, with its reason. --json has the whole report of each failed attempt: stack, stage,\n"
                + "memory, and what the service answered.",
            Arguments = { id },
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var events = await grid.Impatient.GetEventsAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
            {
                foreach (var entry in events)
                    JsonOutput.Line(environment.Out, (JsonObject)JsonOutput.Node(entry, JobGridJson.Default.JobEvent)!);
                return ExitCode.Ok;
            }

            JobText.Write(environment.Out, events);
            return ExitCode.Ok;
        });
        return command;
    }
}
