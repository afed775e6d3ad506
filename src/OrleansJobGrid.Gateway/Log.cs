using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Gateway;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Debug, "The client of {Method} {Path} left before its answer")]
    public static partial void ClientLeft(ILogger logger, string method, string path);

    [LoggerMessage(4002, LogLevel.Debug, "The body of {Method} {Path} could not be read")]
    public static partial void BadRequest(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(4003, LogLevel.Warning, "The grid or its store did not answer at {Method} {Path}")]
    public static partial void GridUnavailable(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(4004, LogLevel.Error, "{Method} {Path} failed (request {RequestId})")]
    public static partial void Fault(ILogger logger, Exception exception, string method, string path, string requestId);

    [LoggerMessage(4005, LogLevel.Warning, "A submission of {Count} jobs from '{FirstJobId}' on was not answered; whether they were written is unknown")]
    public static partial void SubmissionUnknown(ILogger logger, Exception exception, int count, string firstJobId);

    [LoggerMessage(4006, LogLevel.Warning, "The stream of job {JobId} got no answer from the grid and asks again")]
    public static partial void StreamUnanswered(ILogger logger, Exception exception, string jobId);

    [LoggerMessage(4007, LogLevel.Warning, "The grid did not answer when asked for its health")]
    public static partial void HealthUnanswered(ILogger logger, Exception exception);
}
