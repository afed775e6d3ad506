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
            List<string> ids = parse.GetValue(worker) is { } one ? [one]
                : [.. (await grid.Impatient.GetWorkersAsync(cancellationToken)).Workers.Where(w => w.Node == parse.GetValue(node) && w.State is not "offline").Select(w => w.WorkerId)];
            if (ids.Count == 0)
                throw new CommandFailure(ExitCode.Usage, $"No worker of machine '{parse.GetValue(node)}' has a session: 'jobgrid workers' lists them.");
            var answers = new List<WorkerControl>();
            foreach (var id in ids)
                answers.Add(await grid.Impatient.DrainWorkerAsync(id, parse.GetValue(deadline) is { } text ? Durations.Read(text) : null, parse.GetValue(reason), cancellationToken));
            Write(environment, answers, parse.GetValue(json));
            return ExitCode.Ok;
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
            Write(environment, [await request(grid.Impatient, parse.GetRequiredValue(worker), cancellationToken)], parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
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
