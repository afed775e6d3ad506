using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Storage;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "The store did not answer for shard {Shard}; the batch of {Count} operations is sent again.")]
    public static partial void BatchResent(this ILogger logger, int shard, int count, Exception exception);

    [LoggerMessage(1002, LogLevel.Warning, "The store did not answer with numbers for submissions; it is asked again.")]
    public static partial void SequenceAskedAgain(this ILogger logger, Exception exception);
}
