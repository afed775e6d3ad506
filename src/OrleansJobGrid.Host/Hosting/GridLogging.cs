using Microsoft.Extensions.Logging.Console;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Logs go to standard error, since standard output belongs to the command.</summary>
internal static class GridLogging
{
    public static void Configure(ILoggingBuilder logging, bool quiet)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.TimestampFormat = "HH:mm:ss.fff ";
            o.UseUtcTimestamp = true;
            o.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Warning);
        // Advice about the collector and the watchdog's first look, neither of which an operator can act on.
        logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Error);
        // A failed start reaches the command as an exception, which says it once and in words.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        if (!quiet)
            logging.AddFilter("OrleansJobGrid", LogLevel.Information);
    }
}
