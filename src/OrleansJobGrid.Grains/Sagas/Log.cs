using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Sagas;

internal static partial class Log
{
    [LoggerMessage(1801, LogLevel.Error, "Saga {SagaId} ({Name}) waits for an operator: {Reason}")]
    public static partial void Parked(this ILogger logger, string sagaId, string name, string reason);

    [LoggerMessage(1802, LogLevel.Warning, "Saga {SagaId}: {Keys} could not be begun or stopped; it is tried again.")]
    public static partial void WorkNotBegun(this ILogger logger, string sagaId, string keys, Exception exception);

    [LoggerMessage(1803, LogLevel.Warning, "Saga {SagaId}: the end of call {Key} could not be told; the call is made again under the same key.")]
    public static partial void EndNotTold(this ILogger logger, string sagaId, string key, Exception exception);

    [LoggerMessage(1804, LogLevel.Warning, "Saga {SagaId} could not be read or written.")]
    public static partial void StoreFailed(this ILogger logger, string sagaId, Exception exception);
}
