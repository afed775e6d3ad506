using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>
/// A client of a grid over its HTTP API. Safe for concurrent use; it does not own the <see cref="HttpClient"/>.
/// </summary>
/// <remarks>
/// Every error is a <see cref="JobGridException"/>; where nothing answered, a <see cref="GridUnreachableException"/>.
/// All calls here may be tried again without a double effect, and are (<see cref="JobGridClientOptions.Retries"/>): a submission carries its own id, or
/// an <c>Idempotency-Key</c> that the client makes and sends unchanged with each try; an upload is kept under its hash.
/// To make a submission safe beyond the life of this process, give the id or the key yourself and keep it.
/// </remarks>
public sealed partial class JobGridClient
{
    private readonly GridTransport _transport;

    /// <summary>A client over <paramref name="http"/>.</summary>
    /// <param name="http">
    /// Its <see cref="HttpClient.BaseAddress"/> is the grid's address, such as <c>http://127.0.0.1:8080</c>; its timeout bounds the time to an
    /// answer's first line, not the length of a stream.
    /// </param>
    /// <param name="options">Retries; null: the defaults.</param>
    /// <exception cref="ArgumentException">There is no base address.</exception>
    public JobGridClient(HttpClient http, JobGridClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.BaseAddress is null)
            throw new ArgumentException("Set HttpClient.BaseAddress to the grid's address, such as http://127.0.0.1:8080.", nameof(http));
        _transport = new GridTransport(http, options ?? new JobGridClientOptions());
    }

    /// <summary>The workers, newest first.</summary>
    public Task<WorkerList> GetWorkersAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/workers", JobGridJson.Default.WorkerList, cancellationToken);

    /// <summary>The queues.</summary>
    public Task<QueueList> GetQueuesAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/queues", JobGridJson.Default.QueueList, cancellationToken);

    /// <summary>Figures of the whole grid.</summary>
    public Task<GridMetrics> GetMetricsAsync(CancellationToken cancellationToken = default) =>
        _transport.GetAsync("api/metrics", JobGridJson.Default.GridMetrics, cancellationToken);

    /// <summary>How the grid is; also a grid that is <c>down</c> tells so here, without an exception.</summary>
    public async Task<GridHealth> GetHealthAsync(CancellationToken cancellationToken = default)
    {
        using var response = await _transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, "api/health"), cancellationToken, HttpStatusCode.ServiceUnavailable);
        return await _transport.ReadAsync(response, JobGridJson.Default.GridHealth, cancellationToken);
    }

    private static string Segment(string value, string parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value, parameter);
        return Uri.EscapeDataString(value);
    }

    private static ByteArrayContent Json(byte[] body, string mediaType = "application/json") =>
        new(body) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
}
