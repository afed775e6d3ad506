using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>
/// One instance, by the protocol of <c>docs/rest.md</c>. Each request is made once. A fault is an <see cref="HttpRequestException"/>, a
/// <see cref="TimeoutException"/>, or an <see cref="InvalidDataException"/> where the answer is none of the protocol's.
/// </summary>
internal sealed class RestInstance : IDisposable
{
    private const long MaxAnswerBytes = 64L << 20;

    private readonly HttpClient _questions;
    private readonly HttpClient _posts;
    private readonly RestServiceOptions _options;
    private readonly TimeProvider _time;

    public RestInstance(string id, Uri address, RestServiceOptions options, TimeProvider time)
    {
        (Id, _options, _time) = (id, options, time);
        var home = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        _questions = ClientOf(home, TimeSpan.FromMinutes(5));
        // On a connection of its own each: the handler repeats a request by itself where a kept connection turns out to be closed.
        _posts = ClientOf(home, TimeSpan.Zero);
    }

    public string Id { get; }

    /// <summary>Whether an exception tells that the instance could not be asked.</summary>
    public static bool IsFault(Exception e) => e is HttpRequestException or TimeoutException or InvalidDataException or IOException;

    /// <summary>What it says of its boot.</summary>
    public async Task<string?> Boot(CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        return (await Ask(() => _questions.GetAsync("health", limit.Token), RestJson.Default.RestHealth, limit.Token, cancellationToken)).Boot;
    }

    /// <summary>Posts; returns when it was taken. Throws <see cref="RestRefusedException"/> where it clearly was not.</summary>
    public async Task Post(RestJob job, CancellationToken cancellationToken)
    {
        using var content = JsonContent.Create(job, RestJson.Default.RestJob);
        // Else it is sent in chunks, which not every small server reads.
        await content.LoadIntoBufferAsync(cancellationToken);
        using var answer = await _posts.PostAsync("jobs", content, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return;
        var status = (int)answer.StatusCode;
        var error = await ErrorOf(answer, cancellationToken);
        // Something between may have answered in the service's place: then nobody knows whether it was taken.
        if (error is null && (status >= 500 || status is 408 or < 400))
            throw new HttpRequestException($"Instance '{Id}' answered {status} without an error of the protocol.", null, answer.StatusCode);
        throw new RestRefusedException(RestFailures.Of(status, error?.Type, error?.Message, RetryAfter(answer)));
    }

    /// <summary>The states of these ids; one that is not known is not there.</summary>
    public async Task<RestStates> Query(IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var content = JsonContent.Create(new RestQuestion(ids), RestJson.Default.RestQuestion);
        await content.LoadIntoBufferAsync(limit.Token);
        return await Ask(() => _questions.PostAsync("jobs/query", content, limit.Token), RestJson.Default.RestStates, limit.Token, cancellationToken);
    }

    /// <summary>Asks for a stop, which it may take its time for. One that is not there is no error.</summary>
    public async Task Cancel(string id, CancellationToken cancellationToken)
    {
        using var limit = Limit(cancellationToken);
        using var answer = await Send(() => _questions.PostAsync($"jobs/{id}/cancel", null, limit.Token), limit.Token, cancellationToken);
        if (!answer.IsSuccessStatusCode && answer.StatusCode != System.Net.HttpStatusCode.NotFound)
            throw new HttpRequestException($"Instance '{Id}' answered {(int)answer.StatusCode} to the stop of {id}.", null, answer.StatusCode);
    }

    /// <summary>Opens an output; its bytes are read by whoever keeps it. Null: it is not there.</summary>
    public async Task<HttpResponseMessage?> Open(string url, CancellationToken cancellationToken)
    {
        var address = new Uri(_questions.BaseAddress!, url);
        if (address.Authority != _questions.BaseAddress!.Authority || address.Scheme != _questions.BaseAddress.Scheme)
            throw new InvalidDataException($"Instance '{Id}' names an output at another server, {address}.");
        using var limit = Limit(cancellationToken);
        var answer = await Send(
            () => _questions.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, limit.Token), limit.Token, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            return answer.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Gone
                ? null
                : throw new HttpRequestException($"Instance '{Id}' answered {(int)answer.StatusCode} to {address}.", null, answer.StatusCode);
        }
    }

    public void Dispose()
    {
        _questions.Dispose();
        _posts.Dispose();
    }

    private HttpClient ClientOf(Uri home, TimeSpan connectionLifetime) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 64,
        ConnectTimeout = _options.RequestTimeout,
        PooledConnectionLifetime = connectionLifetime,
    })
    {
        BaseAddress = home,
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    private Limited Limit(CancellationToken cancellationToken) => new(_options.RequestTimeout, _time, cancellationToken);

    private async Task<T> Ask<T>(Func<Task<HttpResponseMessage>> send, JsonTypeInfo<T> type, CancellationToken limit, CancellationToken asker)
    {
        using var answer = await Send(send, limit, asker);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"Instance '{Id}' answered {(int)answer.StatusCode} to {answer.RequestMessage?.RequestUri}.", null, answer.StatusCode);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, limit) ?? throw new InvalidDataException($"Instance '{Id}' answered null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Instance '{Id}' did not answer by the protocol: {e.Message}", e);
        }
    }

    /// <summary>Tells the end of the time for an answer from the end of the asker's patience.</summary>
    private async Task<HttpResponseMessage> Send(Func<Task<HttpResponseMessage>> send, CancellationToken limit, CancellationToken asker)
    {
        try
        {
            return await send();
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !asker.IsCancellationRequested)
        {
            throw new TimeoutException($"Instance '{Id}' did not answer within {_options.RequestTimeout}.", e);
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

    private TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > _time.GetUtcNow() => date - _time.GetUtcNow(),
        { Date: not null } => TimeSpan.Zero,
        _ => null,
    };

    /// <summary>A token that ends with the asker's or after a time.</summary>
    private sealed class Limited : IDisposable
    {
        private readonly CancellationTokenSource _end;
        private readonly CancellationTokenSource _either;

        public Limited(TimeSpan limit, TimeProvider time, CancellationToken asker)
        {
            _end = new(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, asker);
        }

        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            _end.Dispose();
        }
    }
}
