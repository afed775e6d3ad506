using System.Net.Security;

namespace OrleansJobGrid.Connectors.Outside;

/// <summary>Requests to one instance, each made once and answered within a limit.</summary>
internal sealed class OutsideHttp : IDisposable
{
    private const long MaxAnswerBytes = 64L << 20;

    private readonly HttpClient _questions;
    private readonly HttpClient _posts;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;

    /// <param name="id">The instance, for its messages.</param>
    /// <param name="address">Its base address.</param>
    /// <param name="limit">The longest wait for an answer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="headers">Sent with each request, such as <c>Authorization</c>; their values are in no message.</param>
    /// <param name="tls">Which certificates count; null: those of the machine.</param>
    public OutsideHttp(
        string id, Uri address, TimeSpan limit, TimeProvider time, IEnumerable<KeyValuePair<string, string>>? headers = null, SslClientAuthenticationOptions? tls = null)
    {
        (Id, _limit, _time) = (id, limit, time);
        Home = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        var all = headers?.ToList() ?? [];
        _questions = ClientOf(TimeSpan.FromMinutes(5), all, tls);
        // On a connection of its own each: the handler repeats a request by itself where a kept connection turns out to be closed.
        _posts = ClientOf(TimeSpan.Zero, all, tls);
    }

    public string Id { get; }

    /// <summary>The base address, which ends with a slash.</summary>
    public Uri Home { get; }

    /// <summary>A post of work: it is not repeated by anybody, and its limit is the caller's.</summary>
    public Task<HttpResponseMessage> Post(string path, HttpContent content, CancellationToken cancellationToken) => _posts.PostAsync(path, content, cancellationToken);

    /// <summary>A post of work whose answer may take as long as the work; it comes when its head does.</summary>
    public Task<HttpResponseMessage> Post(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _posts.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>A question of any form.</summary>
    public Task<HttpResponseMessage> Ask(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Send((client, limit) => client.SendAsync(request, limit), cancellationToken);

    public Task<HttpResponseMessage> Get(string path, CancellationToken cancellationToken) =>
        Send((client, limit) => client.GetAsync(path, limit), cancellationToken);

    /// <summary>A question that takes a body, or an upload.</summary>
    public Task<HttpResponseMessage> Ask(string path, HttpContent? content, CancellationToken cancellationToken) =>
        Send((client, limit) => client.PostAsync(path, content, limit), cancellationToken);

    /// <summary>Opens a file; its bytes are read by whoever keeps it.</summary>
    public Task<HttpResponseMessage> Open(Uri address, CancellationToken cancellationToken) =>
        Send((client, limit) => client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, limit), cancellationToken);

    /// <summary>The fault that an answer is which is no success.</summary>
    public HttpRequestException Unexpected(HttpResponseMessage answer) =>
        new($"Instance '{Id}' answered {(int)answer.StatusCode} to {answer.RequestMessage?.Method} {answer.RequestMessage?.RequestUri?.AbsolutePath}.", null, answer.StatusCode);

    /// <summary>Reads what an answer says within the limit of a question.</summary>
    public async Task<T> Within<T>(Func<CancellationToken, Task<T>> read, CancellationToken asker)
    {
        using var end = new CancellationTokenSource(_limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, asker);
        try
        {
            return await read(either.Token);
        }
        catch (OperationCanceledException e) when (end.IsCancellationRequested && !asker.IsCancellationRequested)
        {
            // Tells the end of the time for an answer from the end of the asker's patience.
            throw new TimeoutException($"Instance '{Id}' did not answer within {_limit}.", e);
        }
    }

    public void Dispose()
    {
        _questions.Dispose();
        _posts.Dispose();
    }

    private Task<HttpResponseMessage> Send(Func<HttpClient, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken asker) =>
        Within(limit => send(_questions, limit), asker);

    private HttpClient ClientOf(TimeSpan connectionLifetime, List<KeyValuePair<string, string>> headers, SslClientAuthenticationOptions? tls)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = tls ?? new(),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            MaxConnectionsPerServer = 64,
            ConnectTimeout = _limit,
            PooledConnectionLifetime = connectionLifetime,
        })
        {
            BaseAddress = Home,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        foreach (var (name, value) in headers)
            client.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
        return client;
    }
}
