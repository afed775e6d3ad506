using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Workers;

internal static partial class Log
{
    [LoggerMessage(1301, LogLevel.Warning, "Worker {Worker}: job {JobId} was granted but never arrived; the grant is taken back.")]
    public static partial void GrantTakenBack(this ILogger logger, string worker, string jobId);

    [LoggerMessage(1303, LogLevel.Warning, "Worker {Worker}: what it holds could not be compared with what was granted; the next heartbeat tries again.")]
    public static partial void HeldNotChecked(this ILogger logger, string worker, Exception exception);

    [LoggerMessage(1304, LogLevel.Warning, "Worker {Worker}: its registration could not be written; the next heartbeat tries again.")]
    public static partial void NotRegistered(this ILogger logger, string worker, Exception exception);

    [LoggerMessage(1305, LogLevel.Warning, "Worker {Worker}: its report of job {JobId} could not be taken; the worker sends it again.")]
    public static partial void NotReported(this ILogger logger, string worker, string jobId, Exception exception);

    [LoggerMessage(1306, LogLevel.Warning, "Worker {Worker}: job {JobId} of queue {Queue} could not be started; its entry goes back.")]
    public static partial void StartFailed(this ILogger logger, string worker, string jobId, string queue, Exception exception);

    [LoggerMessage(1302, LogLevel.Warning, "Worker {Worker}: the claim of queue {Queue} beside a report failed; the report stands.")]
    public static partial void ClaimBesideReportFailed(this ILogger logger, string worker, string queue, Exception exception);
}
