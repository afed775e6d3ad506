using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary>Requests about one job that take no more than a reason: cancel, pause, resume, retry.</summary>
internal static class ControlCommands
{
    public static JobGridCommand Cancel(CommandEnvironment environment) => Create(
        environment,
        "cancel",
        "Asks for a job's end.",
        "A running job is stopped by its worker a moment later; a completion that comes first wins.\n'jobgrid watch ID' waits for the outcome.",
        (client, id, reason, token) => client.CancelAsync(id, reason, token));

    public static JobGridCommand Pause(CommandEnvironment environment) => Create(
        environment,
        "pause",
        "Stops a job until it is resumed; its checkpoint is kept.",
        "A waiting job is paused at once, a running one when its worker has stopped; a pause that the worker does not confirm\n"
            + "within 60 s is withdrawn. A completion that comes first wins. 'jobgrid resume ID' goes on.",
        (client, id, reason, token) => client.PauseAsync(id, reason, token));

    public static JobGridCommand Resume(CommandEnvironment environment) => Create(
        environment,
        "resume",
        "Puts a paused job back at its place in its queue.",
        "It goes on from its last checkpoint, where its service keeps any. A pause that has not come about yet is withdrawn.",
        (client, id, reason, token) => client.ResumeAsync(id, reason, token));

    public static JobGridCommand Retry(CommandEnvironment environment) => Create(
        environment,
        "retry",
        "Tries a dead letter again: a job that failed or ran out of time.",
        "Its history is kept, and its attempts are counted anew. For many at once see 'jobgrid dead-letters requeue'.",
        (client, id, reason, token) => client.RetryAsync(id, reason, token));

    /// <summary>Prints what the grid says of a request about a job.</summary>
    public static void Write(CommandEnvironment environment, string jobId, OperationAnswer answer, bool json)
    {
        if (json)
            JsonOutput.Document(environment.Out, answer, JobGridJson.Default.OperationAnswer);
        else
            environment.Out.WriteLine(Printable.Of($"{jobId}  {answer.Message ?? "done"}"));
    }

    private static JobGridCommand Create(
        CommandEnvironment environment, string name, string description, string notes,
        Func<JobGridClient, string, string?, CancellationToken, Task<OperationAnswer>> request)
    {
        var (id, reason, url) = (CommonOptions.JobId(), CommonOptions.Reason(), CommonOptions.Url());
        var json = CommonOptions.Json("the grid's answer as one JSON document");
        var command = new JobGridCommand(environment, name, description) { Notes = notes, Arguments = { id }, Options = { reason, url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var jobId = parse.GetRequiredValue(id);
            Write(environment, jobId, await request(grid.Impatient, jobId, parse.GetValue(reason), cancellationToken), parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }
}
