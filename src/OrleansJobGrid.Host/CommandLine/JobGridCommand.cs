using System.CommandLine;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>A command with notes at the end of its help, whose errors all end the same way.</summary>
internal sealed class JobGridCommand : Command
{
    private readonly CommandEnvironment _environment;

    public JobGridCommand(CommandEnvironment environment, string name, string description) : base(name, description) => _environment = environment;

    /// <summary>Printed after the options: examples and details.</summary>
    public string? Notes { get; init; }

    /// <summary>What the command does; the exit code comes back.</summary>
    public void Runs(Func<ParseResult, CancellationToken, Task<int>> action) =>
        SetAction((parse, cancellationToken) => CommandErrors.CatchAsync(_environment, () => action(parse, cancellationToken)));
}
