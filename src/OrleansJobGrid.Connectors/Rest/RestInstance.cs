using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>One instance, by the protocol of <c>docs/rest.md</c>.</summary>
internal sealed class RestInstance(string id, Uri address, RestServiceOptions options, TimeProvider time) : IOutsideInstance<RestState>, IDisposable
{
    /// <summary>What its protocol promises.</summary>
    public const ServiceCapabilities All =
        ServiceCapabilities.StatusQuery | ServiceCapabilities.Cancel | ServiceCapabilities.Attach | ServiceCapabilities.Progress;

    private static readonly Dictionary<string, RestState> NoJobs = [];

    private readonly OutsideHttp _http = new(id, address, options.RequestTimeout, time);

    public string Id => id;

    public async Task<string?> Boot(CancellationToken cancellationToken)
    {
        using var answer = await _http.Get("health", cancellationToken);
        return (await Read(answer, RestJson.Default.RestHealth, cancellationToken)).Boot;
    }

    public async Task<InstanceProof> Prove(CancellationToken cancellationToken)
    {
        var boot = await Boot(cancellationToken);
        // A job that nobody posted: one that is said to be there is none of the protocol's answers.
        var nobodys = Guid.NewGuid().ToString("D");
        if ((await Query([nobodys], cancellationToken)).Jobs.ContainsKey(nobodys))
            throw new InvalidDataException($"Instance '{Id}' says that it has a job that was never posted: it does not answer POST jobs/query by the protocol of docs/rest.md.");
        await AskForStop(nobodys, cancellationToken);
        return new(All, Proved: true) { BootMark = boot };
    }

    public Task<Func<string, CancellationToken, Task<string?>>> Prepare(IJobContext job, CancellationToken cancellationToken) =>
        Task.FromResult<Func<string, CancellationToken, Task<string?>>>((externalId, token) => Post(new(externalId, job.JobId, job.Attempt, job.Payload), token));

    public async Task<OutsideStates<RestState>> Query(IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(new RestQuestion([.. marks.Select(m => m.ExternalId)]), RestJson.Default.RestQuestion);
        await content.LoadIntoBufferAsync(cancellationToken);
        using var answer = await _http.Ask("jobs/query", content, cancellationToken);
        var states = await Read(answer, RestJson.Default.RestStates, cancellationToken);
        return new(states.Boot, states.Jobs ?? NoJobs);
    }

    public Task Pause(IJobContext job, WorkMark mark, CancellationToken cancellationToken) => Task.Delay(options.PollInterval, time, cancellationToken);

    public async Task Cancel(WorkMark mark, CancellationToken cancellationToken)
    {
        await AskForStop(mark.ExternalId, cancellationToken);
        while ((await Query([mark], cancellationToken)).Jobs.GetValueOrDefault(mark.ExternalId) is IOutsideWork { IsLive: true })
            await Task.Delay(options.PollInterval, time, cancellationToken);
    }

    public Task<ConnectorResult> Fetch(IJobContext job, WorkMark mark, RestState completed, CancellationToken cancellationToken) =>
        new RestOutputs(this, job, options, time).Fetch(completed, cancellationToken);

    public Task<FailedResult> AfterFailure(FailedResult failure, CancellationToken cancellationToken) => Task.FromResult(failure);

    public void Leave(string externalId)
    {
        // Nothing was kept.
    }

    /// <summary>Opens an output; its bytes are read by whoever keeps it. Null: it is not there.</summary>
    public async Task<HttpResponseMessage?> Open(string url, CancellationToken cancellationToken)
    {
        var file = new Uri(_http.Home, url);
        if (file.Authority != _http.Home.Authority || file.Scheme != _http.Home.Scheme)
            throw new InvalidDataException($"Instance '{Id}' names an output at another server, {file}.");
        var answer = await _http.Open(file, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            return answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone ? null : throw _http.Unexpected(answer);
    }

    public void Dispose() => _http.Dispose();

    /// <returns>Null: the service knows the job by the mark.</returns>
    private async Task<string?> Post(RestJob job, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(job, RestJson.Default.RestJob);
        // Else it is sent in chunks, which not every small server reads.
        await content.LoadIntoBufferAsync(cancellationToken);
        using var answer = await _http.Post("jobs", content, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return null;
        var status = (int)answer.StatusCode;
        var error = await ErrorOf(answer, cancellationToken);
        // Something between may have answered in the service's place: then nobody knows whether it was taken.
        if (error is null && (status >= 500 || status is 408 or < 400))
            throw new HttpRequestException($"Instance '{Id}' answered {status} without an error of the protocol.", null, answer.StatusCode);
        throw new OutsideRefusedException(RestFailures.Of(status, error?.Type, error?.Message, RetryAfter(answer)));
    }

    /// <summary>The service may take its time for it.</summary>
    private async Task AskForStop(string externalId, CancellationToken cancellationToken)
    {
        using var answer = await _http.Ask($"jobs/{externalId}/cancel", null, cancellationToken);
        if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NotFound)
            throw _http.Unexpected(answer);
    }

    private async Task<T> Read<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
        try
        {
            return await _http.Within(limit => answer.Content.ReadFromJsonAsync(type, limit), cancellationToken)
                ?? throw new InvalidDataException($"Instance '{Id}' answered null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Instance '{Id}' did not answer by the protocol: {e.Message}", e);
        }
    }

    private static async Task<RestError?> ErrorOf(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            return JsonSerializer.Deserialize(body, RestJson.Default.RestProblem)?.Error;
        }
        catch (JsonException)
        {
            // Another's words, such as a proxy's page: it is no error of the protocol.
            return null;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter is { } header ? RetryAfterHeader.Read(header.ToString(), time.GetUtcNow()) : null;
}
