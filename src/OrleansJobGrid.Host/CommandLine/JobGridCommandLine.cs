using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using OrleansJobGrid.Host.Commands;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>The command <c>jobgrid</c>.</summary>
internal static class JobGridCommandLine
{
    private const string ExitCodes = """
        Exit codes:
          0    done; for run and watch: every job completed
          1    a job failed, was cancelled or ran out of time
          2    wrong usage, a job that was refused, or a file that cannot be used
          3    no grid answers, it could not start, or it reported an error
          130  interrupted
        """;

    /// <summary>Runs one command line and returns the process's exit code.</summary>
    public static async Task<int> InvokeAsync(string[] args, CommandEnvironment environment)
    {
        var configuration = new InvocationConfiguration
        {
            Output = environment.Out,
            Error = environment.Error,
            // Signals are handled by StopRequest, which leaves a drain its time.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        var parse = Create(environment).Parse(args);
        return parse.Action is ParseErrorAction
            ? RefuseUsage(parse, environment)
            : await parse.InvokeAsync(configuration, environment.Stop.Token);
    }

    private static int RefuseUsage(ParseResult parse, CommandEnvironment environment)
    {
        var command = parse.CommandResult.Command;
        var isUnknownCommand = command is RootCommand && parse.UnmatchedTokens is [not ['-', ..], ..];
        foreach (var error in isUnknownCommand ? parse.Errors.Take(1) : parse.Errors)
            environment.Error.WriteLine($"jobgrid: {Printable.Of(error.Message)}");
        var names = command.Children.OfType<Command>().Select(c => c.Name).Concat(command.Options.Select(o => o.Name)).ToList();
        foreach (var token in parse.UnmatchedTokens.Take(1))
            if (Spelling.Nearest(token, names) is { } near)
                environment.Error.WriteLine($"Did you mean '{near}'?");
        environment.Error.WriteLine($"See 'jobgrid{PathOf(command)} --help'.");
        return ExitCode.Usage;
    }

    private static string PathOf(Command command) =>
        command is RootCommand ? "" : command.Parents.OfType<Command>().Aggregate($" {command.Name}", (path, parent) => PathOf(parent) + path);

    private static RootCommand Create(CommandEnvironment environment)
    {
        var root = new RootCommand("A grid for GPU jobs: each job comes to exactly one accepted completion, whatever dies on the way.")
        {
            UpCommand.Create(environment),
            RunCommand.Create(environment),
            SubmitCommand.Create(environment),
            StatusCommand.Create(environment),
            WatchCommand.Create(environment),
            ControlCommands.Cancel(environment),
            ControlCommands.Pause(environment),
            ControlCommands.Resume(environment),
            ControlCommands.Retry(environment),
            ResolveCommand.Create(environment),
            JobsCommand.Create(environment),
            WhyCommand.Create(environment),
            WorkersCommand.Create(environment),
            WorkerCommands.Drain(environment),
            WorkerCommands.Undrain(environment),
            WorkerCommands.Forget(environment),
            DemandCommand.Create(environment),
            QueuesCommand.Create(environment),
            DeadLettersCommand.Create(environment),
            SagasCommand.Create(environment),
            EventsCommand.Create(environment),
            SubscriptionsCommand.Create(environment),
            ReconcileCommand.Create(environment),
            DoctorCommand.Create(environment),
            VersionCommand.Create(environment),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithNotes((HelpAction)help.Action!);
        root.SetAction(parse => ((HelpWithNotes)help.Action).Invoke(parse));
        return root;
    }

    private sealed class HelpWithNotes(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            var notes = parseResult.CommandResult.Command switch
            {
                JobGridCommand command => command.Notes,
                _ => "Start here:\n  jobgrid up               a grid on this machine, API at http://127.0.0.1:8080\n"
                    + "  jobgrid run FILE         submits the jobs of a file, waits, and fetches what they made\n"
                    + "  jobgrid COMMAND --help   more on a command",
            };
            if (notes is not null)
                output.WriteLine(notes + "\n");
            output.WriteLine(ExitCodes);
            return ExitCode.Ok;
        }
    }
}
