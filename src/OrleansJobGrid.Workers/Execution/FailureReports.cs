using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What the grid is told of a failure.</summary>
internal static class FailureReports
{
    private const int MessageCharacters = 4_000;

    /// <param name="failed">What the connector said.</param>
    /// <param name="durationMs">How long the attempt took.</param>
    /// <param name="instance">The service instance that it failed at.</param>
    public static FailureReport Of(FailedResult failed, long durationMs = 0, string? instance = null) => new()
    {
        FailureClass = ClassOf(failed.Class),
        FailureType = ClassOf(failed.Class),
        FailureReason = failed.Reason,
        Message = Short(failed.Message),
        RetryAfterMs = (long?)failed.RetryAfter?.TotalMilliseconds,
        DurationMs = durationMs,
        Instance = instance,
    };

    /// <summary>An exception that escaped from a connector.</summary>
    public static FailureReport Of(Exception e, long durationMs, string? instance) =>
        Of(new FailedResult(FailureClass.Transient, "unknown_error", $"{e.GetType().Name}: {e.Message}", null), durationMs, instance)
            with { ExceptionType = e.GetType().FullName };

    /// <summary>The wire name of a class.</summary>
    public static string ClassOf(FailureClass failureClass) => failureClass switch
    {
        FailureClass.Transient => FailureClasses.Transient,
        FailureClass.ResourceExhaustion => FailureClasses.ResourceExhaustion,
        FailureClass.Malformed => FailureClasses.Malformed,
        FailureClass.Refused => FailureClasses.Refused,
        FailureClass.Unauthorized => FailureClasses.Unauthorized,
        FailureClass.RateLimited => FailureClasses.RateLimited,
        FailureClass.MissingHere => FailureClasses.MissingHere,
        _ => throw new ArgumentOutOfRangeException(nameof(failureClass), failureClass, "No such class of failure."),
    };

    private static string Short(string message) => message.Length <= MessageCharacters ? message : message[..MessageCharacters] + " …";
}
