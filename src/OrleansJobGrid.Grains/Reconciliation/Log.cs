using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Reconciliation;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Warning, "Of {Compared} jobs and sagas, other systems had {Differences} states that differ; {Repaired} were put right. {Faults}")]
    public static partial void Found(this ILogger logger, int compared, int differences, int repaired, string faults);

    [LoggerMessage(2002, LogLevel.Warning, "States of other systems could not be compared; the next turn tries again.")]
    public static partial void RunFailed(this ILogger logger, Exception exception);
}
