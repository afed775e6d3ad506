using OrleansJobGrid.Host.Hosting;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>All that a command touches of the process, so that a test can stand in for it.</summary>
internal sealed record CommandEnvironment
{
    /// <summary>Results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Errors and warnings.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>The wish to end.</summary>
    public required StopRequest Stop { get; init; }

    /// <summary>Whether <see cref="Out"/> is a terminal that bars can be drawn on.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public Func<GridOptions, CancellationToken, Task<StartedGrid>> StartGrid { get; init; } = StartedGrid.StartAsync;

    public Func<GridOptions, CancellationToken, Task<IJobStore>> OpenStore { get; init; } = StoreDoctor.OpenAsync;

    public Func<IJobStore, TextWriter, CancellationToken, Task<int>> CheckStore { get; init; } = StoreDoctor.RunAsync;

    /// <summary>Whether the user asked for output without colours (https://no-color.org).</summary>
    public bool NoColor => !string.IsNullOrEmpty(Variable("NO_COLOR"));

    public static CommandEnvironment OfProcess(StopRequest stop) => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        Stop = stop,
        IsTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
        Variable = Environment.GetEnvironmentVariable,
    };
}
