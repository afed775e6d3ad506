using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using Spectre.Console;

namespace OrleansJobGrid.Host.Sagas;

/// <summary>Follows a saga: a live tree on a terminal, else a line for each step that changed.</summary>
internal static class SagaDisplay
{
    /// <summary>Until it is over, or parked where <paramref name="untilParked"/>.</summary>
    public static async Task<Saga> FollowAsync(CommandEnvironment environment, JobGridClient client, string sagaId, bool quiet, bool untilParked, CancellationToken cancellationToken)
    {
        Saga? last = null;
        if (environment.IsTerminal && !quiet)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.Yes,
                Interactive = InteractionSupport.Yes,
                ColorSystem = environment.NoColor ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
                Out = new AnsiConsoleOutput(environment.Out),
            });
            await console.Live(new Tree(sagaId)).StartAsync(async live =>
            {
                await foreach (var saga in client.WatchSagaAsync(sagaId, cancellationToken))
                {
                    last = saga;
                    live.UpdateTarget(SagaText.TreeOf(saga));
                    if (untilParked && saga.Status == SagaStatus.Parked)
                        break;
                }
            });
            return last!;
        }

        var said = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var saga in client.WatchSagaAsync(sagaId, cancellationToken))
        {
            last = saga;
            if (!quiet)
                Say(environment.Out, saga, said);
            if (untilParked && saga.Status == SagaStatus.Parked)
                break;
        }

        return last!;
    }

    private static void Say(TextWriter output, Saga saga, Dictionary<string, string> said)
    {
        foreach (var step in saga.Steps)
        {
            var over = step.Units.Count(u => u.Status == "completed");
            var undone = step.Units.Count(u => u.Undo == "done");
            var now = $"{step.Status}{(step.ForEach == true && step.Units.Count > 0 ? $" {over}/{step.Units.Count}" : "")}{(undone > 0 ? $", undone {undone}/{step.Units.Count(u => u.Undo is not null)}" : "")}{(step.Status == "failed" ? $": {step.Error}" : "")}";
            if (said.GetValueOrDefault(step.Name, "pending") != now)
                output.WriteLine(Printable.Of($"{step.Name}: {now}"));
            said[step.Name] = now;
        }

        var whole = $"{saga.Status}{(saga.Reason is null ? "" : $": {saga.Reason}")}";
        if (said.GetValueOrDefault("", "") != whole)
            output.WriteLine(Printable.Of($"saga {saga.Id}: {whole}"));
        said[""] = whole;
    }
}
