using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Time;

internal static partial class Log
{
    [LoggerMessage(1501, LogLevel.Warning, "The wheel of shard {Shard} could not read what is due; the next poke tries again.")]
    public static partial void PassFailed(this ILogger logger, int shard, Exception exception);

    [LoggerMessage(1502, LogLevel.Error, "Job {JobId} is due, but its call failed.")]
    public static partial void DueFailed(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(1503, LogLevel.Warning, "The silo's beat failed; the next one follows in half a second.")]
    public static partial void BeatFailed(this ILogger logger, Exception exception);
}
