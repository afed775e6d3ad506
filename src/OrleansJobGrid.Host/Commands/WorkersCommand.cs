using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class WorkersCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"workers\": [...]}"));
        var command = new JobGridCommand(environment, "workers", "Lists the workers and what they do.")
        {
            Notes = "Below them stand the instances of services outside that they reach. An open breaker: the worker claims nothing for that instance;\n"
                + "half_open: it lets one attempt through.",
            Options = { url, json },
        };
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
                table.Add(worker.WorkerId, worker.State, $"{worker.Jobs?.Count ?? worker.Running}/{worker.Slots}", string.Join(',', worker.Services ?? []), worker.Node,
                    JobText.Time(worker.LeaseExpiresAt), worker.Version);
            table.Write(environment.Out);
            WriteInstances(environment.Out, list);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void WriteInstances(TextWriter output, WorkerList list)
    {
        var table = new TextTable("INSTANCE", "SERVICE", "WORKER", "PLACE", "BREAKER", "SINCE", "REASON");
        foreach (var (worker, instance) in list.Workers.SelectMany(w => (w.Instances ?? []).Select(i => (w, i))))
            table.Add(instance.Instance, instance.Service, worker.WorkerId, instance.OnThisMachine ? "worker's machine" : "elsewhere",
                instance.Breaker?.State ?? "closed", JobText.Time(instance.Breaker?.Since), instance.Breaker?.Reason);
        if (table.IsEmpty)
            return;
        output.WriteLine();
        table.Write(output);
    }
}
