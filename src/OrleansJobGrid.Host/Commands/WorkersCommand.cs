using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class WorkersCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"workers\": [...]}"));
        var command = new JobGridCommand(environment, "workers", "Lists the workers and what they do.") { Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var list = await grid.Impatient.GetWorkersAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.WorkerList);
                return ExitCode.Ok;
            }

            var table = new TextTable("WORKER", "STATE", "RUNNING", "SERVICES", "NODE", "LEASE ENDS", "VERSION");
            foreach (var worker in list.Workers)
                table.Add(worker.WorkerId, worker.State, $"{worker.Running}/{worker.Slots}", string.Join(',', worker.Services ?? []), worker.Node,
                    JobText.Time(worker.LeaseExpiresAt), worker.Version);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }
}
