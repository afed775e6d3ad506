using Microsoft.Extensions.DependencyInjection;
using Orleans;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;
using OrleansJobGrid.TestKit.Grid;

namespace OrleansJobGrid.Chaos.Broken;

/// <summary>
/// Grids that lack one of the rules of safety, so that the checker is seen to fail. The rule is taken out from outside, by this program as the
/// grid's host; <c>jobgrid</c> itself cannot lack one.
/// </summary>
internal static class BrokenGrid
{
    /// <summary>The first word of the command line that makes this program such a grid.</summary>
    public const string Command = "grid-without";

    public const string Epochs = "epochs";

    /// <summary>Lacks no rule, but has what <see cref="Epochs"/> lets through: each completion is delivered twice.</summary>
    public const string Nothing = "nothing";

    public const string WriteBeforeAcknowledgement = "write-before-acknowledgement";

    /// <summary>Must be 1, or there is no such grid.</summary>
    public const string Allowed = "JOBGRID_TEST_BROKEN";

    public static IReadOnlyList<string> Rules { get; } = [Epochs, WriteBeforeAcknowledgement, Nothing];

    /// <summary>The program of a grid without a rule; null: the whole one.</summary>
    public static IReadOnlyList<string> ProgramOf(string? without) =>
        without is null ? [GridProcess.Executable] : [Path.Combine(AppContext.BaseDirectory, "OrleansJobGrid.Chaos"), Command, without];

    /// <summary>Throws <see cref="ArgumentException"/> where the rule is unknown or taking it out is not allowed.</summary>
    public static void Check(string without)
    {
        if (!Rules.Contains(without))
            throw new ArgumentException($"--without takes {string.Join(" or ", Rules)}, not '{without}'.");
        if (Environment.GetEnvironmentVariable(Allowed) != "1")
            throw new ArgumentException($"--without makes a grid that loses or doubles jobs; {Allowed}=1 allows it.");
    }

    /// <summary>Runs <c>jobgrid</c>'s command line with a grid that lacks the rule.</summary>
    public static async Task<int> RunAsync(string without, string[] arguments)
    {
        Check(without);
        using var stop = StopRequest.OnSignals();
        return await JobGridCommandLine.InvokeAsync(arguments, CommandEnvironment.OfProcess(stop) with
        {
            StartGrid = async (options, cancellationToken) =>
                StartedGrid.Of(await GridHost.StartAsync(options, services => TakeOut(without, services), cancellationToken)),
        });
    }

    private static void TakeOut(string rule, IServiceCollection services)
    {
        if (rule == WriteBeforeAcknowledgement)
            services.AddSingleton<IIncomingGrainCallFilter, AcknowledgesBeforeTheWrite>();
        else
            services.AddSingleton<IIncomingGrainCallFilter, DeliversCompletionsTwice>();
        if (rule == Epochs)
            services.AddSingleton<IIncomingGrainCallFilter, CompletesWithoutEpochs>();
    }
}
