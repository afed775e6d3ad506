namespace OrleansJobGrid.Connectors;

/// <summary>
/// A connector whose work lives in a service outside and outlives its worker: it can be asked what became of a submission, stop it,
/// and take it over (<see cref="IJobContext.Adopts"/>).
/// </summary>
public interface IExternalConnector : IConnector
{
    /// <summary>The instances that it reaches.</summary>
    IReadOnlyList<ServiceInstance> Instances { get; }

    /// <summary>What its instances can do at best; which of it one can, <see cref="ProveAsync"/> finds out.</summary>
    ServiceCapabilities Capabilities { get; }

    /// <summary>
    /// Finds out what an instance can do and what it has, by questions that begin no work. No job is claimed for it before; asked again each
    /// minute, and each 5 s while it fails. Throws, saying what is wrong and what mends it, where the instance cannot be used: no answer, or
    /// another program than it should be.
    /// </summary>
    Task<InstanceProof> ProveAsync(string instance, CancellationToken cancellationToken);

    /// <summary>How long a post may take at most. Default 10 s.</summary>
    TimeSpan SubmitTimeout => TimeSpan.FromSeconds(10);

    /// <summary>
    /// Asks one instance about submissions, in as few requests as it allows. An id that the service does not know is
    /// <see cref="SubmissionState.Absent"/>; an exception means that the instance could not be asked and says nothing.
    /// </summary>
    Task<InstanceReport> QueryAsync(string instance, IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken);

    /// <summary>
    /// Asks one instance to stop a submission that waits or runs there; ends when the service confirms that it runs no more, or throws.
    /// One that is not there is no error.
    /// </summary>
    Task CancelAsync(string instance, WorkMark mark, CancellationToken cancellationToken);
}

/// <summary>An instance of a service outside.</summary>
/// <param name="Id">Unique in the grid, equal on every worker that reaches it: <c>service/name</c>.</param>
/// <param name="OnThisMachine">Whether it lives on the worker's machine, and goes with it.</param>
public sealed record ServiceInstance(string Id, bool OnThisMachine);

/// <summary>A post on record.</summary>
/// <param name="Instance">The instance that it went to.</param>
/// <param name="ExternalId">The mark by which the service knows it: a UUID in lowercase with hyphens.</param>
/// <param name="BootMark">What the service said of its boot then.</param>
/// <param name="Epoch">The epoch of its grant.</param>
/// <param name="Over">The grid found it not to be there: where its instance cannot be asked, it stands in nobody's way.</param>
/// <param name="ServiceId">The service's own id of it, where its post told one.</param>
public sealed record Submission(string Instance, string ExternalId, string? BootMark, long Epoch, bool Over = false, string? ServiceId = null)
{
    /// <summary>What its service is asked by.</summary>
    public WorkMark Mark => new(ExternalId, ServiceId);
}

/// <summary>What a service is asked by about a submission.</summary>
/// <param name="ExternalId">The grid's mark: a UUID in lowercase with hyphens.</param>
/// <param name="ServiceId">The service's own id; null: its post told none, or none that came to be on record.</param>
public readonly record struct WorkMark(string ExternalId, string? ServiceId = null)
{
    /// <summary>A mark alone.</summary>
    public static implicit operator WorkMark(string externalId) => new(externalId);
}

/// <summary>What an instance says.</summary>
/// <param name="BootMark">Of its boot; another value later means that it was restarted. Null: it cannot tell.</param>
/// <param name="Submissions">By external id, each id that was asked for.</param>
public sealed record InstanceReport(string? BootMark, IReadOnlyDictionary<string, SubmissionReport> Submissions);

/// <summary>What is known of a submission; how it failed, where it did.</summary>
public sealed record SubmissionReport(SubmissionState State, FailedResult? Failure = null);

/// <summary>What became of a submission.</summary>
public enum SubmissionState
{
    /// <summary>The service does not know it.</summary>
    Absent,

    /// <summary>It waits in the service.</summary>
    Queued,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It is done, and its outputs can be fetched.</summary>
    Completed,

    /// <summary>It ended without a result.</summary>
    Failed,

    /// <summary>It was stopped.</summary>
    Cancelled,

    /// <summary>The service has no way to tell: what becomes of the job is decided by its <c>on_unknown</c>, at once.</summary>
    Untellable,
}
