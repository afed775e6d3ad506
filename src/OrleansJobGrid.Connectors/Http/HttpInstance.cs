using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>One instance of a service that its configuration describes.</summary>
internal sealed class HttpInstance : IOutsideInstance<HttpWork>, IDisposable
{
    private readonly HttpServiceOptions _options;
    private readonly TimeProvider _time;
    private readonly IHttpCallbacks? _callbacks;

    /// <summary>Marks of attempts here that the service has taken; true: all is over, and what was said may go.</summary>
    private readonly ConcurrentDictionary<string, bool> _taken = new(StringComparer.Ordinal);
    private readonly OutsideHttp _http;
    private readonly HttpFiles _files;

    public HttpInstance(string id, Uri address, HttpServiceOptions options, TimeProvider time, IHttpCallbacks? callbacks = null)
    {
        (_options, _time, _callbacks) = (options, time, callbacks);
        _http = new(id, address, options.RequestTimeout, time, options.Headers.Concat(HttpAuth.HeadersOf(options.Auth)), HttpTls.Of(options.Tls));
        _files = new(_http);
    }

    public string Id => _http.Id;

    /// <summary>Such services do not tell.</summary>
    public Task<string?> Boot(CancellationToken cancellationToken) => Task.FromResult<string?>(null);

    /// <summary>What the settings say that such a service can do.</summary>
    public static ServiceCapabilities CapabilitiesOf(HttpServiceOptions options) => options.Mode switch
    {
        // One that only calls can be taken over where its id is on record: then it is known to have the job.
        HttpMode.Async when options.Poll is null && options.Id is null => Stops(options) | Tells(options),
        HttpMode.Async => ServiceCapabilities.StatusQuery | ServiceCapabilities.Attach | Stops(options) | Tells(options),
        // Its work ends with the connection, as far as the grid can tell.
        _ => Tells(options),
    };

    public async Task<InstanceProof> Prove(CancellationToken cancellationToken)
    {
        if (_options.Health is not { } health)
            return new(CapabilitiesOf(_options), Proved: false);
        using var request = RequestOf(health, HttpValues.OfMark(""));
        using var answer = await _http.Ask(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
        // A page comes from something that stands between, or from another address than it should be.
        if (answer.Content.Headers.ContentType?.MediaType == "text/html")
            throw new InvalidDataException($"'{Id}' answered Health with a page (text/html). Check its address in Instances, and Health:Path.");
        return new(CapabilitiesOf(_options), Proved: true);
    }

    public Task<Func<string, CancellationToken, Task<string?>>> Prepare(IJobContext job, CancellationToken cancellationToken)
    {
        // What the payload lacks is found before anything is on record.
        RequestOf(_options.Submit, ValuesOf(job, "")).Dispose();
        return Task.FromResult<Func<string, CancellationToken, Task<string?>>>((mark, token) => Post(job, mark, token));
    }

    public async Task<OutsideStates<HttpWork>> Query(IReadOnlyList<WorkMark> marks, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, HttpWork>(StringComparer.Ordinal);
        foreach (var mark in marks)
        {
            if (await Ask(mark, cancellationToken) is { } work)
                found.Add(mark.ExternalId, work);
        }

        return new(null, found);
    }

    public Task Pause(IJobContext job, WorkMark mark, CancellationToken cancellationToken)
    {
        _taken.TryAdd(mark.ExternalId, false);
        return Task.Delay(_options.PollInterval, _time, cancellationToken);
    }

    public async Task Cancel(WorkMark mark, CancellationToken cancellationToken)
    {
        if (_options.Cancel is not { } cancel || (HttpTemplate.Names(cancel.Path, "id") && mark.ServiceId is null))
            return;
        using (var request = RequestOf(cancel, HttpValues.OfMark(mark)))
        using (var answer = await _http.Ask(request, cancellationToken))
        {
            if (!answer.IsSuccessStatusCode && answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.Gone))
                throw _http.Unexpected(answer);
        }

        while (await Ask(mark, cancellationToken) is IOutsideWork { IsLive: true })
            await Task.Delay(_options.PollInterval, _time, cancellationToken);
    }

    public async Task<ConnectorResult> Fetch(IJobContext job, WorkMark mark, HttpWork completed, CancellationToken cancellationToken)
    {
        var result = await ResultOf(job).Of(completed.Answer!, cancellationToken);
        _taken[mark.ExternalId] = result is CompletedResult or FailedResult;
        return result;
    }

    public Task<FailedResult> AfterFailure(FailedResult failure, CancellationToken cancellationToken) => Task.FromResult(failure);

    public void Leave(string externalId)
    {
        // Its id is what it can be asked by, also by the next attempt, which needs what was said unless all is over.
        if (_taken.TryRemove(externalId, out var over) && over && _callbacks is not null)
            _ = Forget(externalId);
    }

    /// <summary>Begins a post whose answer is the work: it has left when this ends, and the answer comes by itself.</summary>
    public async Task<Task<HttpResponseMessage>> Begin(IJobContext job, string mark, CancellationToken untilSent, CancellationToken untilAnswered)
    {
        var request = RequestOf(_options.Submit, ValuesOf(job, mark));
        var answering = _http.Post(request, untilAnswered);
        if (request.Content is SentContent content)
            await (await Task.WhenAny(answering, content.Sent)).WaitAsync(untilSent);
        return answering;
    }

    /// <summary>What is known of a failure that an answer tells.</summary>
    public FailedResult FailureOf(HttpStatusCode status, string body, string? retryAfter, string stage)
    {
        var said = FailureEvidence.OfHttp((int)status, body, retryAfter, _time.GetUtcNow(), stage);
        return new(said with { Message = ErrorOf(body) ?? said.Message, Instance = Id });
    }

    /// <summary>What is known of a failure that is told within an answer that is a success.</summary>
    public FailedResult FailureOf(JToken answer, string stage) => HttpValues.Failure(answer, _options.Error, Id, stage);

    /// <summary>Makes a job's result of an answer.</summary>
    public HttpResult ResultOf(IJobContext job) => new(Id, _files, job, _options.Files, _options.Result, _options.Outage, _time);

    public void Dispose()
    {
        _http.Dispose();
        _files.Dispose();
    }

    /// <returns>The service's id of the work, where it has to be asked by that.</returns>
    private async Task<string?> Post(IJobContext job, string mark, CancellationToken cancellationToken)
    {
        using var request = RequestOf(_options.Submit, ValuesOf(job, mark));
        using var answer = await _http.Post(request, cancellationToken);
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            // Something between may have answered in the service's place: then nobody knows whether it was taken.
            if ((int)answer.StatusCode is 408 or 502 or 503 or 504 or < 400)
                throw new HttpRequestException($"'{Id}' answered the post with {(int)answer.StatusCode}.", null, answer.StatusCode);
            throw new OutsideRefusedException(FailureOf(answer.StatusCode, body, answer.Headers.RetryAfter?.ToString(), "submit"));
        }

        _taken[mark] = false;
        if (_options.Id is null)
            return null;
        return HttpValues.Text(JsonOf(body), _options.Id) ?? throw new InvalidDataException($"'{Id}' answered the post without an id at {_options.Id}.");
    }

    private async Task<HttpWork?> Ask(WorkMark mark, CancellationToken cancellationToken)
    {
        var said = await Said(mark.ExternalId, cancellationToken);
        if (said is IOutsideWork { IsLive: false })
            return said;
        if (_options.Mode != HttpMode.Async || _options.Poll is null || (HttpTemplate.Names(_options.Poll.Path, "id") && mark.ServiceId is null))
        {
            // Who took the job and only calls has it until it calls.
            var taken = _callbacks is not null && (mark.ServiceId is not null || _taken.ContainsKey(mark.ExternalId));
            return said ?? (taken ? new(SubmissionState.Queued) : _options.SafeToRepeat ? null : new(SubmissionState.Untellable));
        }

        using var request = RequestOf(_options.Poll, HttpValues.OfMark(mark));
        using var answer = await _http.Ask(request, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            return null;
        if (!answer.IsSuccessStatusCode)
            throw _http.Unexpected(answer);
        return WorkOf(JsonOf(await answer.Content.ReadAsStringAsync(cancellationToken)));
    }

    /// <summary>What the service said of a job by calling: its first word of the end, or its last word; null: it did not call.</summary>
    private async Task<HttpWork?> Said(string mark, CancellationToken cancellationToken)
    {
        if (_callbacks is null)
            return null;
        HttpWork? last = null;
        foreach (var body in await _callbacks.ReadAsync(mark, cancellationToken))
        {
            last = WorkOf(JsonOf(Encoding.UTF8.GetString(body)));
            if (last is not IOutsideWork { IsLive: false })
                continue;
            // A result goes once it is fetched.
            if (last.State != SubmissionState.Completed)
                _taken.TryUpdate(mark, true, false);
            return last;
        }

        return last;
    }

    private async Task Forget(string mark)
    {
        try
        {
            await _callbacks!.ForgetAsync(mark, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What stays is in nobody's way.
        }
    }

    private HttpValues ValuesOf(IJobContext job, string mark) => HttpValues.Of(job, mark, _callbacks?.AddressOf(mark));

    private HttpWork WorkOf(JToken answer)
    {
        var word = HttpValues.Text(answer, _options.State)
            ?? throw new InvalidDataException($"'{Id}' answered without a state at {_options.State}.");
        var state = HttpStates.Of(word, _options.States);
        return new(state, answer)
        {
            Progress = HttpValues.Percent(answer, _options.Progress, _options.ProgressIsShare),
            Message = HttpValues.Text(answer, _options.Message) ?? (_options.Message is null ? word : null),
            Failure = state == SubmissionState.Failed ? FailureOf(answer, "run") : null,
        };
    }

    private HttpRequestMessage RequestOf(HttpCallOptions options, HttpValues values)
    {
        var path = HttpAuth.PathWith(_options.Auth, HttpTemplate.Path(options.Path, values));
        // An empty path means the address as it was given, without the slash that relative paths need.
        var address = path.Length == 0 ? new Uri(_http.Home.AbsoluteUri.TrimEnd('/')) : new Uri(_http.Home, path);
        var request = new HttpRequestMessage(new HttpMethod(options.Method), address);
        if (options.Body is { } body)
            request.Content = new SentContent(HttpTemplate.Body(body, values));
        return request;
    }

    private JToken JsonOf(string body)
    {
        try
        {
            return HttpTemplate.Parse(body);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{Id}' answered with something that is no JSON: {e.Message}", e);
        }
    }

    private string? ErrorOf(string body)
    {
        if (_options.Error is null)
            return null;
        try
        {
            return HttpValues.Text(HttpTemplate.Parse(body), _options.Error);
        }
        catch (JsonException)
        {
            // What is no JSON is said as it stands.
            return null;
        }
    }

    private static ServiceCapabilities Stops(HttpServiceOptions options) => options.Cancel is null ? ServiceCapabilities.None : ServiceCapabilities.Cancel;

    private static ServiceCapabilities Tells(HttpServiceOptions options) => options.Progress is null ? ServiceCapabilities.None : ServiceCapabilities.Progress;
}
