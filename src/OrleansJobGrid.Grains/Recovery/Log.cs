using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Recovery;

internal static partial class Log
{
    [LoggerMessage(1401, LogLevel.Information, "Session {Session} is over ({Reason}); {Jobs} jobs were decided about.")]
    public static partial void SessionEnded(this ILogger logger, string session, string reason, int jobs);

    [LoggerMessage(1403, LogLevel.Warning, "Instance {Instance} could not be asked; its jobs ask again.")]
    public static partial void AskFailed(this ILogger logger, string instance, Exception exception);

    [LoggerMessage(1404, LogLevel.Warning, "Instance {Instance}: worker {Worker} did not answer for it.")]
    public static partial void AskerFailed(this ILogger logger, string instance, string worker, Exception exception);

    [LoggerMessage(1405, LogLevel.Warning, "Job {JobId} could not be told what was found; it asks again.")]
    public static partial void VerdictNotTold(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(1406, LogLevel.Error, "Session {Session}: job {JobId} could not be told of its end; the next pass tries again.")]
    public static partial void JobNotTold(this ILogger logger, string session, string jobId, Exception exception);

    [LoggerMessage(1407, LogLevel.Error, "The record of session {Session} cannot be read; it lives by its lease alone.")]
    public static partial void SessionUnreadable(this ILogger logger, string session, Exception exception);

    [LoggerMessage(1402, LogLevel.Warning, "Session {Session} could not be brought to its end; the next pass tries again.")]
    public static partial void EndFailed(this ILogger logger, string session, Exception exception);
}
