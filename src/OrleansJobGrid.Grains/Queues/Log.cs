using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Queues;

internal static partial class Log
{
    [LoggerMessage(1101, LogLevel.Information, "Queue {Queue} read shard {Shard} again: {Added} entries came in that no hint had told.")]
    public static partial void ShardRescanned(this ILogger logger, string queue, int shard, int added);

    [LoggerMessage(1102, LogLevel.Warning, "Queue {Queue} could not compare itself with the store; it tries again in half a second.")]
    public static partial void CompareFailed(this ILogger logger, string queue, Exception exception);

    [LoggerMessage(1104, LogLevel.Warning, "Queue {Queue}: the claim of worker {Worker} cannot be answered.")]
    public static partial void ClaimFailed(this ILogger logger, string queue, string worker, Exception exception);

    [LoggerMessage(1103, LogLevel.Warning, "Queue {Queue}: job {JobId} was taken out for a worker 10 s ago and nobody said what became of it; its entry goes back.")]
    public static partial void NotSettled(this ILogger logger, string queue, string jobId);

    [LoggerMessage(1105, LogLevel.Information, "Queue {Queue} is paused: {Reason}")]
    public static partial void Paused(this ILogger logger, string queue, string reason);

    [LoggerMessage(1106, LogLevel.Information, "Queue {Queue} gives out jobs again.")]
    public static partial void Resumed(this ILogger logger, string queue);
}
