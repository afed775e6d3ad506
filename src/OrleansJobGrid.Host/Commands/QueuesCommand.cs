using System.CommandLine;
using System.Globalization;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid queues</c>: the list, and <c>pause</c> and <c>resume</c>.</summary>
internal static class QueuesCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"queues\": [...]}"));
        var command = new JobGridCommand(environment, "queues", "Lists the queues and how many jobs wait in them; and pauses and resumes them.")
        {
            Notes = """
                Examples:
                  jobgrid queues pause default --reason "the models are being moved"
                  jobgrid queues resume default
                """,
            Options = { url, json },
            Subcommands = { Pause(environment), Resume(environment) },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var list = await grid.Impatient.GetQueuesAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.QueueList);
                return ExitCode.Ok;
            }

            var table = new TextTable("QUEUE", "JOBS", "WAITING WORKERS", "PAUSED SINCE", "REASON");
            foreach (var queue in list.Queues)
                table.Add(queue.Name, queue.Depth.ToString(CultureInfo.InvariantCulture), queue.WaitingWorkers.ToString(CultureInfo.InvariantCulture),
                    JobText.Time(queue.PausedSince), queue.PauseReason);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Pause(CommandEnvironment environment)
    {
        var reason = CommonOptions.Reason("those who look why jobs wait");
        return One(
            environment, "pause", "Lets a queue give out no jobs until it is resumed.",
            "Kept, whatever ends meanwhile. Jobs that were granted go on, submissions are taken, and no time limit stops: a job may run out of its\n"
                + "queue timeout or deadline. To stop a job that runs: 'jobgrid pause ID'.",
            [reason], (client, name, parse, token) => client.PauseQueueAsync(name, parse.GetValue(reason), token));
    }

    private static JobGridCommand Resume(CommandEnvironment environment) =>
        One(environment, "resume", "Lets a paused queue give out jobs again.", null, [], (client, name, _, token) => client.ResumeQueueAsync(name, token));

    private static JobGridCommand One(
        CommandEnvironment environment, string verb, string description, string? notes, IReadOnlyList<Option> options,
        Func<JobGridClient, string, ParseResult, CancellationToken, Task<QueueControl>> request)
    {
        var name = new Argument<string>("NAME") { Description = "The queue's name.", HelpName = "NAME" };
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var command = new JobGridCommand(environment, verb, description) { Notes = notes, Arguments = { name } };
        foreach (var option in (Option[])[.. options, url, json])
            command.Options.Add(option);
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var answer = await request(grid.Impatient, parse.GetRequiredValue(name), parse, cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, answer, JobGridJson.Default.QueueControl);
            else
                environment.Out.WriteLine(Printable.Of(answer.Message));
            return ExitCode.Ok;
        });
        return command;
    }
}
