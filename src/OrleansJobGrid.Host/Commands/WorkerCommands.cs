using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary>Requests about one worker: drain, undrain, forget.</summary>
internal static class WorkerCommands
{
    public static JobGridCommand Drain(CommandEnvironment environment)
    {
        var worker = new Argument<string?>("WORKER") { Description = "The worker's id.", HelpName = "WORKER", Arity = ArgumentArity.ZeroOrOne };
        var node = new Option<string?>("--node") { Description = "All workers of this machine, in place of one.", HelpName = "NODE" };
        var deadline = new Option<string?>("--deadline") { Description = "Hands on what still runs after this: 30s, 2m, 1h. Default: jobs end in their own time.", HelpName = "TIME" };
        deadline.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && Durations.Read(text) is null)
                result.AddError("--deadline takes a time of at most a day, such as 30s, 2m or 1h.");
        });
        var (reason, url, json) = (CommonOptions.Reason(), CommonOptions.Url(), CommonOptions.Json("an array of the grid's answers, one a worker"));
        var command = new JobGridCommand(environment, "drain", "Lets a worker end its jobs and claim no more.")
        {
            Notes = "Jobs that still run at the deadline go on elsewhere from their last checkpoint. The worker stays registered and drained until\n"
                + "'jobgrid undrain WORKER'. For a spot machine's notice: jobgrid drain --node \"$(hostname)\" --deadline 90s",
            Arguments = { worker },
            Options = { node, deadline, reason, url, json },
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(worker) is null == result.GetValue(node) is null)
                result.AddError("Name either a WORKER or a machine with --node.");
        });
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var budget = parse.GetValue(deadline) is { } text ? Durations.Read(text) : null;
            if (parse.GetValue(node) is not { } machine)
            {
                Write(environment, [await AskAsync(grid.Impatient.DrainWorkerAsync(parse.GetValue(worker)!, budget, parse.GetValue(reason), cancellationToken))], parse.GetValue(json));
                return ExitCode.Ok;
            }

            // A notice of a machine's end comes once, so this one sits out a short outage of the grid.
            var ids = OnNode((await grid.Client.GetWorkersAsync(cancellationToken)).Workers, machine);
            if (ids.Count == 0)
                throw new CommandFailure(ExitCode.Grid, $"No worker of machine '{machine}' has a session.", "See the nodes in 'jobgrid workers'.");
            var (answers, failed) = (new List<WorkerControl>(), false);
            foreach (var id in ids)
            {
                try
                {
                    answers.Add(await grid.Client.DrainWorkerAsync(id, budget, parse.GetValue(reason), cancellationToken));
                }
                catch (JobGridException e) when (e is not GridUnreachableException)
                {
                    failed = true;
                    environment.Error.WriteLine(Printable.Of($"jobgrid: {id}: {e.Message}"));
                }
            }

            Write(environment, answers, parse.GetValue(json));
            return failed ? ExitCode.Grid : ExitCode.Ok;
        });
        return command;
    }

    public static JobGridCommand Undrain(CommandEnvironment environment) => One(
        environment, "undrain", "Lets a drained worker claim again.", null, (client, id, token) => client.ResumeWorkerAsync(id, token));

    public static JobGridCommand Forget(CommandEnvironment environment) => One(
        environment, "forget", "Takes a worker that is gone out of the registry.",
        "Jobs that only it could do are shown as unworkable then. Refused while it lives. Workers that say farewell, and those not heard of\n"
            + "for a day (JobGrid:ForgetWorkersAfter), are forgotten without it.",
        (client, id, token) => client.ForgetWorkerAsync(id, token));

    private static JobGridCommand One(
        CommandEnvironment environment, string name, string description, string? notes, Func<JobGridClient, string, CancellationToken, Task<WorkerControl>> request)
    {
        var worker = new Argument<string>("WORKER") { Description = "The worker's id.", HelpName = "WORKER" };
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("an array with the grid's answer"));
        var command = new JobGridCommand(environment, name, description) { Notes = notes, Arguments = { worker }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            Write(environment, [await AskAsync(request(grid.Impatient, parse.GetRequiredValue(worker), cancellationToken))], parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>
    /// Workers of a machine that have a session. Workers name their machine without its domain, so a full name stands for the part
    /// before the first dot where no worker has the whole of it.
    /// </summary>
    private static List<string> OnNode(IReadOnlyList<Worker> workers, string machine)
    {
        List<string> On(string name) =>
            [.. workers.Where(w => w.State is not "offline" && string.Equals(w.Node, name, StringComparison.OrdinalIgnoreCase)).Select(w => w.WorkerId)];
        return On(machine) is { Count: > 0 } whole ? whole : On(machine.Split('.')[0]);
    }

    private static async Task<WorkerControl> AskAsync(Task<WorkerControl> request)
    {
        try
        {
            return await request;
        }
        catch (JobGridException e) when (e.Status is 404 or 409)
        {
            throw new CommandFailure(ExitCode.Grid, $"The grid says: {e.Message}", "'jobgrid workers' shows their ids and states.", e);
        }
    }

    private static void Write(CommandEnvironment environment, IReadOnlyList<WorkerControl> answers, bool json)
    {
        if (json)
        {
            JsonOutput.Document(environment.Out, answers, JobGridJson.Default.IReadOnlyListWorkerControl);
            return;
        }

        foreach (var answer in answers)
            environment.Out.WriteLine(Printable.Of(answer.Message));
    }
}
