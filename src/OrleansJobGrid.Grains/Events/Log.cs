using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Events;

internal static partial class Log
{
    [LoggerMessage(1901, LogLevel.Warning, "Subscription {Name} lags {Seconds} s behind, with {Pending} writes before it: {Reason}")]
    public static partial void Lags(this ILogger logger, string name, long seconds, long pending, string reason);

    [LoggerMessage(1902, LogLevel.Information, "Subscription {Name} has caught up.")]
    public static partial void CaughtUp(this ILogger logger, string name);

    [LoggerMessage(1903, LogLevel.Error, "Subscription {Name}: {Events} were given up after {Tries} tries and are dead letters now: {Reason}")]
    public static partial void GivenUp(this ILogger logger, string name, string events, int tries, string reason);

    [LoggerMessage(1904, LogLevel.Warning, "Subscription {Name} could not be delivered; the next poke tries again.")]
    public static partial void PumpFailed(this ILogger logger, string name, Exception exception);

    [LoggerMessage(1905, LogLevel.Warning, "The subscriptions could not be looked after; the next poke tries again.")]
    public static partial void KeeperFailed(this ILogger logger, Exception exception);
}
