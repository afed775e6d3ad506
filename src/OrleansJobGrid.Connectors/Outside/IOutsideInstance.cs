namespace OrleansJobGrid.Connectors.Outside;

/// <summary>
/// One instance of a service outside, as <see cref="OutsideExecution{TWork}"/> speaks to it. Each request is made once. That it cannot be asked
/// is an <see cref="HttpRequestException"/>, a <see cref="TimeoutException"/>, an <see cref="IOException"/>, or an
/// <see cref="InvalidDataException"/> where its answer is none of the protocol's; <see cref="OutsideRefusedException"/> is its clear no.
/// </summary>
/// <typeparam name="TWork">A job as it has it.</typeparam>
internal interface IOutsideInstance<TWork>
    where TWork : class, IOutsideWork
{
    /// <summary><c>service/name</c>.</summary>
    string Id { get; }

    /// <summary>What it says of its boot; null: it cannot tell.</summary>
    Task<string?> Boot(CancellationToken cancellationToken);

    /// <summary>Finds out by questions that begin no work what it can do and has. Throws what its faults are.</summary>
    Task<InstanceProof> Prove(CancellationToken cancellationToken);

    /// <summary>Brings there what a post needs and what starts no work.</summary>
    /// <returns>The post, under the external id that it is given, and the instance's own id of the work, where it has to be asked by that.</returns>
    Task<Func<string, CancellationToken, Task<string?>>> Prepare(IJobContext job, CancellationToken cancellationToken);

    /// <summary>What became of these submissions; one that is not known is not there.</summary>
    Task<OutsideStates<TWork>> Query(IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken);

    /// <summary>Waits until it may be worth asking about a submission again, a poll interval at most, and tells the job what it hears meanwhile.</summary>
    Task Pause(IJobContext job, WorkMark mark, CancellationToken cancellationToken);

    /// <summary>Stops a submission, and ends when it runs no more. One that is not there is no error.</summary>
    Task Cancel(WorkMark mark, CancellationToken cancellationToken);

    /// <summary>Brings the result and the files of completed work home.</summary>
    Task<ConnectorResult> Fetch(IJobContext job, WorkMark mark, TWork completed, CancellationToken cancellationToken);

    /// <summary>Does what is to be done there after a failure, so that a later job does better.</summary>
    /// <returns>The failure, with what more is known of it.</returns>
    Task<FailedResult> AfterFailure(FailedResult failure, CancellationToken cancellationToken);

    /// <summary>The attempt has nothing more to do with a submission: what was kept for it goes.</summary>
    void Leave(string externalId);
}

/// <summary>What an instance says of its jobs.</summary>
internal sealed record OutsideStates<TWork>(string? Boot, IReadOnlyDictionary<string, TWork> Jobs)
    where TWork : class, IOutsideWork;
