using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Asks for a pause; the job's checkpoint is kept. A running job is paused when its worker has stopped: watch it, or look at its status.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="reason">Why, 1 to 500 characters, for the audit log.</param>
    /// <param name="cancellationToken">Ends the call; whether the job was asked is then unknown.</param>
    /// <exception cref="JobGridException">Status 404: no such job; 409: its state does not allow it.</exception>
    public Task<OperationAnswer> PauseAsync(string jobId, string? reason = null, CancellationToken cancellationToken = default) =>
        ControlAsync("jobs", jobId, "pause", reason, cancellationToken);

    /// <summary>Puts a paused job back at its place in its queue; a pause that has not come about is withdrawn.</summary>
    /// <inheritdoc cref="PauseAsync"/>
    public Task<OperationAnswer> ResumeAsync(string jobId, string? reason = null, CancellationToken cancellationToken = default) =>
        ControlAsync("jobs", jobId, "resume", reason, cancellationToken);

    /// <summary>Puts a dead letter back into its queue, its history kept and its attempts counted anew.</summary>
    /// <inheritdoc cref="PauseAsync"/>
    public Task<OperationAnswer> RetryAsync(string jobId, string? reason = null, CancellationToken cancellationToken = default) =>
        ControlAsync("jobs", jobId, "retry", reason, cancellationToken);

    /// <summary>Says what became of a job that is <see cref="JobStatus.Reconciling"/>, where the service that did the work cannot be asked.</summary>
    /// <remarks>Where an answer is lost and the call is tried again, the second one is refused (409), since the job is reconciling no more.</remarks>
    /// <param name="jobId">The job.</param>
    /// <param name="resolution">One of <see cref="JobResolution"/>.</param>
    /// <param name="reason">Why, 1 to 500 characters, for the audit log.</param>
    /// <param name="result">The job's result, with <see cref="JobResolution.Completed"/> only.</param>
    /// <param name="cancellationToken">Ends the call; whether it was done is then unknown.</param>
    /// <exception cref="JobGridException">Status 404: no such job; 409: it is not reconciling.</exception>
    public Task<OperationAnswer> ResolveAsync(
        string jobId, string resolution, string? reason = null, JsonElement? result = null, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new ResolveBody(resolution, reason, result), EnvelopeJson.Default.ResolveBody);
        return OperateAsync(HttpMethod.Post, $"api/jobs/{Segment(jobId, nameof(jobId))}/resolve", body, JobGridJson.Default.OperationAnswer, cancellationToken);
    }

    /// <summary>A page of dead letters, newest first.</summary>
    public Task<DeadLetterPage> ListDeadLettersAsync(DeadLetterQuery? query = null, CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/dead-letters" + (query ?? new DeadLetterQuery()).ToQueryString(), JobGridJson.Default.DeadLetterPage, cancellationToken);

    /// <summary>Dead letters by kind, over the newest 5,000.</summary>
    public Task<DeadLetterGroups> GetDeadLetterGroupsAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/dead-letters/groups", JobGridJson.Default.DeadLetterGroups, cancellationToken);

    /// <summary>A dead letter with its audit log.</summary>
    /// <exception cref="JobGridException">Status 404: there is no such job, or it is no dead letter.</exception>
    public Task<DeadLetter> GetDeadLetterAsync(string jobId, CancellationToken cancellationToken = default) =>
        _transport.GetAsync($"api/dead-letters/{Segment(jobId, nameof(jobId))}", JobGridJson.Default.DeadLetter, cancellationToken);

    /// <summary>The same as <see cref="RetryAsync"/>.</summary>
    /// <inheritdoc cref="PauseAsync"/>
    public Task<OperationAnswer> RequeueDeadLetterAsync(string jobId, string? reason = null, CancellationToken cancellationToken = default) =>
        ControlAsync("dead-letters", jobId, "requeue", reason, cancellationToken);

    /// <summary>Puts the dead letters of a group back into their queues; one call does up to 20,000, or 20 s of work.</summary>
    /// <remarks>Where an answer is lost and the call is tried again, those that the first one requeued are not counted.</remarks>
    /// <param name="fingerprint">The group.</param>
    /// <param name="cursor"><see cref="GroupRequeue.NextCursor"/> of the call before; null: from the start.</param>
    /// <param name="reason">Why, 1 to 500 characters, for the audit logs.</param>
    /// <param name="cancellationToken">Ends the call; how many were requeued is then unknown.</param>
    public Task<GroupRequeue> RequeueDeadLettersAsync(
        string fingerprint, string? cursor = null, string? reason = null, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new GroupBody(fingerprint, cursor, reason), EnvelopeJson.Default.GroupBody);
        return OperateAsync(HttpMethod.Post, "api/dead-letters/requeue", body, JobGridJson.Default.GroupRequeue, cancellationToken);
    }

    /// <summary>Deletes a dead letter with its history.</summary>
    /// <remarks>Where an answer is lost and the call is tried again, the second one finds no job any more (404).</remarks>
    /// <exception cref="JobGridException">Status 404: no such job; 409: it is no dead letter.</exception>
    public Task<OperationAnswer> PurgeDeadLetterAsync(string jobId, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Delete, $"api/dead-letters/{Segment(jobId, nameof(jobId))}", null, JobGridJson.Default.OperationAnswer, cancellationToken);

    /// <summary>Deletes the dead letters of a group with their history; one call does up to 20,000, or 20 s of work.</summary>
    /// <inheritdoc cref="RequeueDeadLettersAsync"/>
    public Task<GroupPurge> PurgeDeadLettersAsync(string fingerprint, string? cursor = null, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new GroupBody(fingerprint, cursor, null), EnvelopeJson.Default.GroupBody);
        return OperateAsync(HttpMethod.Post, "api/dead-letters/purge", body, JobGridJson.Default.GroupPurge, cancellationToken);
    }
}
