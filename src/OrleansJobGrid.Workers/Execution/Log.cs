using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.Workers.Execution;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "Worker {Worker} began session {Session} with {Slots} slots for {Services}.")]
    public static partial void SessionBegan(this ILogger logger, string worker, string session, int slots, string services);

    [LoggerMessage(2002, LogLevel.Error, "Worker {Worker} lost session {Session} ({Reason}); its work in this process was stopped, work outside was let go, and it begins anew.")]
    public static partial void SessionLost(this ILogger logger, string worker, string session, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "Worker {Worker}: a heartbeat failed; {Left} ms of the lease are left.")]
    public static partial void HeartbeatFailed(this ILogger logger, string worker, long left, Exception exception);

    [LoggerMessage(2004, LogLevel.Warning, "Worker {Worker}: a claim failed; it tries again.")]
    public static partial void ClaimFailed(this ILogger logger, string worker, Exception exception);

    [LoggerMessage(2005, LogLevel.Warning, "Job {JobId}: the report of epoch {Epoch} failed; it is sent again.")]
    public static partial void ReportFailed(this ILogger logger, string jobId, long epoch, Exception exception);

    [LoggerMessage(2006, LogLevel.Error, "Job {JobId}: the report of epoch {Epoch} could not be delivered; the grid takes the job back when this session ends.")]
    public static partial void ReportGivenUp(this ILogger logger, string jobId, long epoch);

    [LoggerMessage(2007, LogLevel.Information, "Job {JobId}: the attempt of epoch {Epoch} was abandoned, since the job is not this worker's any more.")]
    public static partial void AttemptAbandoned(this ILogger logger, string jobId, long epoch);

    [LoggerMessage(2008, LogLevel.Warning, "Job {JobId}: the attempt of epoch {Epoch} on '{Service}' threw.")]
    public static partial void AttemptThrew(this ILogger logger, string jobId, long epoch, string service, Exception exception);

    [LoggerMessage(2009, LogLevel.Error, "The connector of '{Service}' cannot work and is not offered.")]
    public static partial void ConnectorNotOffered(this ILogger logger, string service, Exception exception);

    [LoggerMessage(2010, LogLevel.Information, "Worker {Worker} leaves: {Running} jobs run, up to {Seconds} s are given to them.")]
    public static partial void Draining(this ILogger logger, string worker, int running, double seconds);

    [LoggerMessage(2011, LogLevel.Warning, "Job {JobId}: word of epoch {Epoch} (start, progress or checkpoint) failed; it is sent again.")]
    public static partial void WordFailed(this ILogger logger, string jobId, long epoch, Exception exception);

    [LoggerMessage(2012, LogLevel.Warning, "Worker {Worker}: listening for orders failed; it tries again.")]
    public static partial void OrdersFailed(this ILogger logger, string worker, Exception exception);

    [LoggerMessage(2013, LogLevel.Warning, "Worker {Worker}: the farewell failed; the grid ends the session by itself.")]
    public static partial void LeaveFailed(this ILogger logger, string worker, Exception exception);

    [LoggerMessage(2014, LogLevel.Warning, "Job {JobId}: its scratch pieces could not be removed; they go with its record.")]
    public static partial void ScratchNotDeleted(this ILogger logger, string jobId, Exception exception);

    [LoggerMessage(2015, LogLevel.Warning, "Job {JobId}: epoch {Epoch} may not post, since {Left} ms of the lease are left and {Needed} ms are needed.")]
    public static partial void PostForbidden(this ILogger logger, string jobId, long epoch, long left, long needed);

    [LoggerMessage(2016, LogLevel.Warning, "Job {JobId}: what became of the work of epoch {Epoch} outside is not known; the grid asks. {Reason}")]
    public static partial void AttemptUnsure(this ILogger logger, string jobId, long epoch, string reason);

    [LoggerMessage(2017, LogLevel.Error, "Job {JobId}: the adoption of epoch {Epoch} failed; the grid takes it back.")]
    public static partial void AdoptionFailed(this ILogger logger, string jobId, long epoch, Exception exception);

    [LoggerMessage(2018, LogLevel.Warning, "Instance {Instance} could not be asked.")]
    public static partial void QueryFailed(this ILogger logger, string instance, Exception exception);

    [LoggerMessage(2019, LogLevel.Warning, "Instance {Instance}: submission {ExternalId} could not be stopped.")]
    public static partial void CancelFailed(this ILogger logger, string instance, string externalId, Exception exception);

    [LoggerMessage(2021, LogLevel.Information, "Worker {Worker} gives job {JobId} back at once: {Reason}.")]
    public static partial void GivenBack(this ILogger logger, string worker, string jobId, string reason);

    [LoggerMessage(2022, LogLevel.Information, "Worker {Worker} is drained by order {Order} ({Reason}): it claims no more, and {Running} jobs run.")]
    public static partial void DrainOrdered(this ILogger logger, string worker, Guid order, string reason, int running);

    [LoggerMessage(2023, LogLevel.Information, "Worker {Worker}: the time of drain order {Order} is over; {Running} jobs are handed on.")]
    public static partial void DrainBudgetOver(this ILogger logger, string worker, Guid order, int running);

    [LoggerMessage(2024, LogLevel.Information, "Worker {Worker} claims again: drain order {Order} is withdrawn.")]
    public static partial void DrainWithdrawn(this ILogger logger, string worker, Guid order);

    [LoggerMessage(2025, LogLevel.Information, "No GPU: {Absence}; this is a CPU worker.")]
    public static partial void NoGpu(this ILogger logger, string absence);

    [LoggerMessage(2026, LogLevel.Information, "GPU {Index}: {Name}, {Memory} MB, driver {Driver}, {Uuid}.")]
    public static partial void GpuFound(this ILogger logger, int index, string name, long memory, string driver, string uuid);

    [LoggerMessage(2027, LogLevel.Error, "Worker {Worker} has nothing to offer: none of its services and instances can be used. It is not started.")]
    public static partial void NothingToOffer(this ILogger logger, string worker);

    [LoggerMessage(2028, LogLevel.Warning, "A GPU could not be read at the start: {Fault}")]
    public static partial void GpuNotRead(this ILogger logger, string fault);

    [LoggerMessage(2020, LogLevel.Warning, "What instance {Instance} said could not be delivered.")]
    public static partial void AnswerFailed(this ILogger logger, string instance, Exception exception);

    [LoggerMessage(2030, LogLevel.Error, "Worker {Worker} claims nothing: {Outage}.")]
    public static partial void ClaimsNothing(this ILogger logger, string worker, string outage);

    [LoggerMessage(2031, LogLevel.Information, "Worker {Worker} claims again: its GPU is back.")]
    public static partial void ClaimsAgain(this ILogger logger, string worker);

    [LoggerMessage(2029, LogLevel.Information, "Service {Service} is done by {Assembly}, version {Version}.")]
    public static partial void OwnConnector(this ILogger logger, string service, string assembly, string version);
}
