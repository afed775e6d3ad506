using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Workers.Gpu;

internal static partial class Log
{
    [LoggerMessage(2201, LogLevel.Error, "The GPUs cannot be read; heartbeats show the last reading and this fault: {Fault}")]
    public static partial void GpuFault(this ILogger logger, string fault, Exception? exception);

    [LoggerMessage(2202, LogLevel.Information, "The GPUs are read again.")]
    public static partial void GpuFaultOver(this ILogger logger);
}
