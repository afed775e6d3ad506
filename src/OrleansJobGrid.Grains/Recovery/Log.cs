using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Recovery;

internal static partial class Log
{
    [LoggerMessage(1401, LogLevel.Information, "Session {Session} is over ({Reason}); {Jobs} jobs were decided about.")]
    public static partial void SessionEnded(this ILogger logger, string session, string reason, int jobs);

    [LoggerMessage(1402, LogLevel.Warning, "Session {Session} could not be brought to its end; the next pass tries again.")]
    public static partial void EndFailed(this ILogger logger, string session, Exception exception);
}
