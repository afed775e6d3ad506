using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Submits a job. When this returns, the job is stored.</summary>
    /// <param name="job">The job.</param>
    /// <param name="idempotencyKey">
    /// The same key with the same job gives the same answer again, as long as the job is kept; with another job it is refused (409).
    /// Null: a job with an id goes under that alone, any other under a random key made here.
    /// </param>
    /// <param name="cancellationToken">Ends the call; whether the job is stored is then unknown.</param>
    public async Task<SubmitAnswer> SubmitAsync(JobSubmission job, string? idempotencyKey = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        var body = JsonSerializer.SerializeToUtf8Bytes(job, JobGridJson.Default.JobSubmission);
        var key = idempotencyKey ?? (job.Id is null ? Guid.NewGuid().ToString() : null);
        using var response = await _transport.SendAsync(() => Post("api/jobs", Json(body), key), cancellationToken);
        return await _transport.ReadAsync(response, JobGridJson.Default.SubmitAnswer, cancellationToken);
    }

    /// <summary>The job.</summary>
    /// <exception cref="JobGridException">Status 404: there is no such job.</exception>
    public async Task<Job> GetJobAsync(string jobId, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync($"api/jobs/{Segment(jobId, nameof(jobId))}", EnvelopeJson.Default.JobAnswer, cancellationToken)).Job;

    /// <summary>A page of jobs, newest first.</summary>
    public Task<JobPage> ListJobsAsync(JobQuery? query = null, CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/jobs" + (query ?? new JobQuery()).ToQueryString(), JobGridJson.Default.JobPage, cancellationToken);

    /// <summary>All jobs that match, newest first, read page by page as they are taken.</summary>
    /// <param name="query">What to list; its limit is the size of a page, its cursor the start.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<Job> ListAllJobsAsync(
        JobQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var next = query ?? new JobQuery();
        while (true)
        {
            var page = await ListJobsAsync(next, cancellationToken);
            foreach (var job in page.Jobs)
                yield return job;
            if (page.NextCursor is null)
                yield break;
            if (page.NextCursor == next.Cursor)
                throw new JobGridException($"The list does not come to an end: the cursor '{page.NextCursor}' was given twice.");
            next = next with { Cursor = page.NextCursor };
        }
    }

    /// <summary>Asks for a job's end. A completion that comes first wins; watch the job to see which.</summary>
    /// <exception cref="JobGridException">Status 404: no such job; 409: it is final already.</exception>
    public Task<OperationAnswer> CancelAsync(string jobId, CancellationToken cancellationToken = default) => CancelAsync(jobId, null, cancellationToken);

    /// <inheritdoc cref="CancelAsync(string, CancellationToken)"/>
    /// <param name="jobId">The job.</param>
    /// <param name="reason">Why, 1 to 500 characters, for the audit log.</param>
    /// <param name="cancellationToken">Ends the call; whether the job was asked is then unknown.</param>
    public Task<OperationAnswer> CancelAsync(string jobId, string? reason, CancellationToken cancellationToken = default) =>
        ControlAsync("jobs", jobId, "cancel", reason, cancellationToken);

    /// <summary>The job's audit log, oldest first.</summary>
    public async Task<IReadOnlyList<JobEvent>> GetEventsAsync(string jobId, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync($"api/jobs/{Segment(jobId, nameof(jobId))}/events", EnvelopeJson.Default.EventsAnswer, cancellationToken)).Events;

    /// <summary>Why a job waits, clause by clause over the live workers, as the grid tells it.</summary>
    public Task<JobWhy> WhyAsync(string jobId, CancellationToken cancellationToken = default) =>
        _transport.GetAsync($"api/jobs/{Segment(jobId, nameof(jobId))}/why", JobGridJson.Default.JobWhy, cancellationToken);

    private Task<OperationAnswer> ControlAsync(string kind, string jobId, string verb, string? reason, CancellationToken cancellationToken) =>
        OperateAsync(HttpMethod.Post, $"api/{kind}/{Segment(jobId, nameof(jobId))}/{verb}", ReasonBytes(reason), JobGridJson.Default.OperationAnswer, cancellationToken);

    private static byte[]? ReasonBytes(string? reason) =>
        reason is null ? null : JsonSerializer.SerializeToUtf8Bytes(new ReasonBody(reason), EnvelopeJson.Default.ReasonBody);

    private async Task<T> OperateAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await _transport.SendAsync(
            () => new HttpRequestMessage(method, path) { Content = body is null ? null : Json(body) }, cancellationToken);
        return await _transport.ReadAsync(response, type, cancellationToken);
    }

    private static HttpRequestMessage Post(string path, HttpContent content, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return request;
    }
}
