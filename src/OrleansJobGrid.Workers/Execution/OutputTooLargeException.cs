namespace OrleansJobGrid.Workers.Execution;

/// <summary>An output is larger than an attempt's may be; nothing of it is kept.</summary>
/// <param name="output">Its name.</param>
/// <param name="mostBytes">The limit.</param>
/// <param name="together">Whether the limit is one of all outputs of the attempt together.</param>
internal sealed class OutputTooLargeException(string output, long mostBytes, bool together) : Exception(together
    ? $"With the output '{output}' the attempt has more than the {mostBytes} bytes allowed for all its outputs. Make fewer or smaller ones, or raise the worker's JobGrid:Artefacts:MaxAttemptBytes."
    : $"The output '{output}' is larger than the {mostBytes} bytes allowed for one. Make it smaller, or raise the worker's JobGrid:Artefacts:MaxOutputBytes.");
