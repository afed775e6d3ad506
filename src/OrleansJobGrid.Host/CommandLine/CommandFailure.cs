namespace OrleansJobGrid.Host.CommandLine;

/// <summary>Ends a command: one sentence on what happened, one on what to do next.</summary>
internal sealed class CommandFailure(int exitCode, string message, string? mend = null, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    public string? Mend { get; } = mend;

    public static CommandFailure Usage(string message, string mend) => new(CommandLine.ExitCode.Usage, message, mend);
}
