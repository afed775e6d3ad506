using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Grains.Jobs;

internal static partial class Log
{
    [LoggerMessage(1201, LogLevel.Warning, "Job {JobId}: the store failed; the activation goes, and what it knew with it.")]
    public static partial void StoreFailed(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(1202, LogLevel.Information, "Job {JobId}: another activation wrote first; this one goes.")]
    public static partial void LostRace(this ILogger logger, string jobId);

    [LoggerMessage(1203, LogLevel.Warning, "Job {JobId}: its reminder could not be registered; the wheel alone will wake it.")]
    public static partial void ReminderFailed(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(1204, LogLevel.Warning, "Submission of {Count} jobs: the store failed for job {JobId}; whether it was written is unknown.")]
    public static partial void SubmissionUnknown(this ILogger logger, int count, string jobId, Exception exception);

    [LoggerMessage(1206, LogLevel.Warning, "The workers or the paused queues could not be read; submissions go on without a warning about them.")]
    public static partial void WorkersUnknown(this ILogger logger, Exception exception);

    [LoggerMessage(1207, LogLevel.Information, "Job {JobId}: worker {Worker} could not adopt it: {Reason}.")]
    public static partial void AdopterGone(this ILogger logger, string jobId, string worker, string reason);

    [LoggerMessage(1208, LogLevel.Warning, "Submission of job {JobId}: the uploads that it names could not be marked as in use; it was not written.")]
    public static partial void UploadsNotMarked(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(1205, LogLevel.Warning, "Job {JobId}: its files could not be removed with its record.")]
    public static partial void FilesNotDeleted(this ILogger logger, string jobId, Exception exception);
}
