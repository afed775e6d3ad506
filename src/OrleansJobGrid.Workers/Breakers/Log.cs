using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Workers.Breakers;

internal static partial class Log
{
    [LoggerMessage(2101, LogLevel.Warning, "Instance {Instance}: the circuit breaker opened, and nothing is claimed for it for {Seconds} s. The last failure: {Reason}")]
    public static partial void BreakerOpened(this ILogger logger, string instance, double seconds, string reason);

    [LoggerMessage(2102, LogLevel.Information, "Instance {Instance}: the circuit breaker is half open; one attempt is let through.")]
    public static partial void BreakerHalfOpen(this ILogger logger, string instance);

    [LoggerMessage(2104, LogLevel.Information, "Instance {Instance} is {State}: version {Version}, boot {BootMark}, {Models} models; it can {Capabilities}.")]
    public static partial void Proved(this ILogger logger, string instance, string state, string version, string bootMark, string models, string capabilities);

    [LoggerMessage(2105, LogLevel.Warning, "Instance {Instance}: {Cost}")]
    public static partial void Costs(this ILogger logger, string instance, string cost);

    [LoggerMessage(2106, LogLevel.Warning, "Instance {Instance} could not be asked what it can do, so nothing is claimed for it until it answers: {Reason}")]
    public static partial void NotProved(this ILogger logger, string instance, string reason);

    [LoggerMessage(2103, LogLevel.Information, "Instance {Instance}: the circuit breaker closed; it is used again.")]
    public static partial void BreakerClosed(this ILogger logger, string instance);
}
