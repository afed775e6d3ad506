using System.Globalization;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Processes;

/// <summary>What an exit code means.</summary>
internal static class ExitCode
{
    private const int LastWordsLength = 2_000;

    /// <summary>The exit code in a guard's status; null where the child did not end by itself.</summary>
    internal static int? Read(string? status) =>
        status?.Split(' ') is [GuardStatus.Exited, var code] ? int.Parse(code, CultureInfo.InvariantCulture) : null;

    /// <summary>Null: completed.</summary>
    internal static FailureClass? Classify(int code, ProcessCommand command) => code switch
    {
        _ when command.ExitCodes.TryGetValue(code, out var mapped) => mapped,
        0 => null,
        126 or 127 => FailureClass.Malformed,
        137 => FailureClass.ResourceExhaustion,
        _ => FailureClass.Transient,
    };

    internal static ConnectorResult Failed(FailureClass failureClass, int code, string command, string errors)
    {
        var (reason, how) = code switch
        {
            126 => ("not_runnable", "could not be run (exit code 126)"),
            127 => ("not_found", "was not found (exit code 127)"),
            137 => ("killed", "was killed by SIGKILL (exit code 137), as the kernel does where memory is short"),
            > 128 and < 193 => ("exit_code", $"ended with exit code {code} (signal {code - 128})"),
            _ => ("exit_code", $"ended with exit code {code}"),
        };
        return ConnectorResult.Failed(new FailureEvidence
        {
            Message = $"The command '{command}' {how}. {LastWords(errors)}",
            KnownClass = failureClass,
            KnownType = TypeOf(failureClass),
            KnownReason = reason,
            Stage = "run",
            Hints = new Dictionary<string, string> { ["exit_code"] = code.ToString(CultureInfo.InvariantCulture) },
        });
    }

    /// <summary>A program that fails is the service that failed, unless its exit code is said to mean more.</summary>
    private static string? TypeOf(FailureClass failureClass) => failureClass == FailureClass.Transient ? FailureType.ServiceError : null;

    /// <summary>The end of stderr, for a message.</summary>
    internal static string LastWords(string errors)
    {
        var end = errors.Trim();
        if (end.Length == 0)
            return "It wrote nothing to stderr.";
        return "The end of its stderr: " + (end.Length <= LastWordsLength ? end : end[^LastWordsLength..]);
    }
}
