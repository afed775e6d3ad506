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

            var table = new TextTable("#", "AT", "TYPE", "FROM", "TO", "ATTEMPT", "EPOCH", "WORKER", "REASON");
            foreach (var e in events)
                table.Add(e.Sequence.ToString(), e.At?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'"), e.Type, e.From, e.To,
                    e.Attempt?.ToString(), e.Epoch?.ToString(), e.WorkerId, e.Reason);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }
}
