namespace OrleansJobGrid.Connectors;

/// <summary>Does the work of one service's jobs. One instance serves all slots of a worker, so it is safe for concurrent use.</summary>
public interface IConnector
{
    /// <summary>The service that it does, as in a job's <c>service_required</c>.</summary>
    string Service { get; }

    /// <summary>Where its work lives, which decides what the grid writes before it starts.</summary>
    WorkLocation Location { get; }

    /// <summary>Longest time of an attempt where the job names none.</summary>
    TimeSpan DefaultAttemptTimeout { get; }

    /// <summary>Longest time of a running attempt without progress where the job names none; null: no such limit.</summary>
    TimeSpan? DefaultStallTimeout => null;

    /// <summary>
    /// Keys, passwords and the like that it was given: where a service repeats one in an error, stars stand there in what is told and kept. What is
    /// shorter than 8 characters stays, since it may be any word.
    /// </summary>
    IReadOnlyCollection<string> Secrets => [];

    /// <summary>
    /// Runs before the worker's first claim: frees what an earlier process of this worker left behind. Throws where the
    /// connector cannot work; its service is then not offered, and the worker says why.
    /// </summary>
    Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Does one attempt of a job.
    /// </summary>
    /// <param name="context">The job, and what the connector may use.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the job is cancelled, its attempt's time is over, the lease ended or the worker stops: the connector ends the
    /// work, cleans up and throws <see cref="OperationCanceledException"/>.
    /// </param>
    /// <returns>
    /// Completed or failed. An exception that escapes is a failure of the attempt, judged by its type and message; what no rule knows is
    /// <see cref="FailureClass.Transient"/>.
    /// </returns>
    Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken);
}

/// <summary>Where the work of a connector lives.</summary>
public enum WorkLocation
{
    /// <summary>In the worker's process: it ends with it.</summary>
    InProcess,

    /// <summary>In a child process that a guard ends with the worker; the start is written durably first.</summary>
    Child,

    /// <summary>In a service outside that outlives the worker; the start is written durably first.</summary>
    External,
}
