using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Artefacts;

internal static partial class Log
{
    [LoggerMessage(1901, LogLevel.Information, "Artefacts that nobody refers to were removed: {Uploads} uploads, {Pieces} outputs and pieces of jobs that are gone, {Unfinished} unfinished writes; {Bytes} bytes. {Unknown} of unknown jobs stay.")]
    public static partial void OrphansRemoved(this ILogger logger, int uploads, int pieces, int unfinished, long bytes, int unknown);

    [LoggerMessage(1902, LogLevel.Warning, "The sweep of artefacts that nobody refers to broke off; it begins anew at the next interval.")]
    public static partial void SweepFailed(this ILogger logger, Exception exception);
}
