using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class WorkersCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"workers\": [...]}, with --models {\"models\": [...]}"));
        var models = new Option<bool>("--models") { Description = "Shows which worker has which model and custom node, and what waiting jobs lack." };
        var command = new JobGridCommand(environment, "workers", "Lists the workers and what they do.")
        {
            Notes = "FREE MB is free and total GPU memory, MODELS how many models are loaded now; --models names them all, and LACKED BY counts the\n"
                + "waiting jobs that no live worker can take for want of one.\n"
                + "A worker that is offline is registered and has no session; jobs that only it could do wait for it. '!' marks what a worker says of\n"
                + "itself that cannot be true, and what is wrong with its GPU. A faulty worker claims nothing until its GPU is back.\n"
                + "Below them stand the instances of services outside that they reach, and a service of their own while its breaker is not closed.\n"
                + "An open breaker: the worker claims nothing for it; half_open: it lets one attempt through. HEALTH is proved where the instance was\n"
                + "asked what it can do, stated where it cannot be and its settings are believed, unproved where it does not answer: nothing is claimed\n"
                + "for it until it does.",
            Options = { models, url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            if (parse.GetValue(models))
            {
                WriteModels(environment.Out, await grid.Impatient.GetModelsAsync(cancellationToken), parse.GetValue(json));
                return ExitCode.Ok;
            }

            var list = await grid.Impatient.GetWorkersAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.WorkerList);
                return ExitCode.Ok;
            }

            var table = new TextTable("WORKER", "STATE", "RUNNING", "SERVICES", "NODE", "GPU", "FREE MB", "MODELS", "LAST SEEN", "VERSION");
            foreach (var worker in list.Workers)
                table.Add(worker.WorkerId, worker.State, $"{worker.Jobs?.Count ?? worker.Running}/{worker.Slots}", string.Join(',', worker.Services ?? []), worker.Node,
                    worker.Gpu?.Name, worker.Gpu is { } gpu ? gpu.Fault is null ? $"{gpu.MemoryFreeMb}/{gpu.MemoryTotalMb}" : "?" : null,
                    worker.LoadedModels is { Count: > 0 and var loaded } ? loaded.ToString() : null, JobText.Time(worker.LastSeenAt), worker.Version);
            table.Write(environment.Out);
            foreach (var worker in list.Workers)
            {
                foreach (var doubt in worker.Doubts ?? [])
                    environment.Out.WriteLine($"! {Printable.Of(worker.WorkerId)}: {Printable.Of(doubt)}");
                if (worker.Gpu?.Fault is { } fault)
                    environment.Out.WriteLine($"! {Printable.Of(worker.WorkerId)}: {Printable.Of(fault)}");
                if (worker.DrainReason is { } reason)
                    environment.Out.WriteLine($"{Printable.Of(worker.WorkerId)} is to drain: {Printable.Of(reason)}");
                foreach (var own in worker.Connectors ?? [])
                    environment.Out.WriteLine($"{Printable.Of(worker.WorkerId)} does {Printable.Of(own.Service)} by {Printable.Of(own.Assembly)} {Printable.Of(own.Version)}");
            }

            WriteInstances(environment.Out, list);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void WriteModels(TextWriter output, ModelList list, bool json)
    {
        if (json)
        {
            JsonOutput.Document(output, list, JobGridJson.Default.ModelList);
            return;
        }

        var table = new TextTable("KIND", "NAME", "WORKERS", "LOADED ON", "WAITING JOBS", "LACKED BY");
        foreach (var model in list.Models)
            table.Add(model.Kind, model.Name, string.Join(' ', model.Workers), string.Join(' ', model.LoadedOn), Count(model.WaitingJobs), Count(model.LackedBy));
        table.Write(output);

        static string? Count(long jobs) => jobs == 0 ? null : jobs.ToString();
    }

    private static void WriteInstances(TextWriter output, WorkerList list)
    {
        var reached = list.Workers.SelectMany(w => (w.Instances ?? []).Select(i => (Worker: w, Instance: i))).ToList();
        if (reached.Count == 0)
            return;
        var table = new TextTable("INSTANCE", "SERVICE", "WORKER", "PLACE", "HEALTH", "CAN", "VERSION", "BREAKER", "SINCE", "REASON");
        foreach (var (worker, instance) in reached)
            table.Add(instance.Instance, instance.Service, worker.WorkerId, instance.OnThisMachine ? "worker's machine" : "elsewhere",
                instance.Health?.State, string.Join(' ', instance.Health?.Capabilities ?? []), instance.Health?.Version,
                instance.Breaker?.State ?? "closed", JobText.Time(instance.Breaker?.Since), instance.Breaker?.Reason);
        output.WriteLine();
        table.Write(output);
        foreach (var instance in reached.Select(r => r.Instance).DistinctBy(i => i.Instance))
        {
            foreach (var remark in (instance.Health?.Costs ?? []).Append(instance.Health?.Fault).OfType<string>())
                output.WriteLine($"! {Printable.Of(instance.Instance)}: {Printable.Of(remark)}");
        }
    }
}
