using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class QueuesCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"queues\": [...]}"));
        var command = new JobGridCommand(environment, "queues", "Lists the queues and how many jobs wait in them.") { Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var list = await grid.Impatient.GetQueuesAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.QueueList);
                return ExitCode.Ok;
            }

            var table = new TextTable("QUEUE", "JOBS", "WAITING WORKERS");
            foreach (var queue in list.Queues)
                table.Add(queue.Name, queue.Depth.ToString(), queue.WaitingWorkers.ToString());
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }
}
