using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace OrleansJobGrid.TestKit.Connectors.Conformance;

/// <summary>Stands between a connector and its service, WebSockets included, and spoils what it is told to.</summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
    private readonly TaskCompletionSource _over = new();
    private WebApplication? _app;
    private readonly HashSet<HttpContext> _sockets = [];
    private volatile ProxyFault _ofPosts;
    private volatile ProxyFault _ofQuestions;
    private volatile bool _down;
    private int _postsSpoiled;

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>The service behind it.</summary>
    public required Func<Uri> Service { get; init; }

    /// <summary>Whether a request, by method and path, brings work to the service.</summary>
    public required Func<string, string, bool> IsPost { get; init; }

    /// <summary>What becomes of all that brings no work. Open WebSockets are cut where it is a fault, since all that they tell is of that kind.</summary>
    public ProxyFault OfQuestions
    {
        get => _ofQuestions;
        set
        {
            _ofQuestions = value;
            if (value != ProxyFault.None)
                CutSockets();
        }
    }

    /// <summary>How many posts were spoiled.</summary>
    public int PostsSpoiled => Volatile.Read(ref _postsSpoiled);

    /// <summary>Nobody gets through: connections are cut, open ones too.</summary>
    public bool Down
    {
        get => _down;
        set
        {
            _down = value;
            if (value)
                CutSockets();
        }
    }

    /// <summary>Spoils the next post alone.</summary>
    public void SpoilNextPost(ProxyFault fault) => _ofPosts = fault;

    /// <summary>Listens.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        _app = builder.Build();
        _app.Run(Pass);
        await _app.StartAsync();
        Url = new(_app.Urls.Single());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _over.TrySetResult();
        if (_app is not null)
        {
            using var atOnce = new CancellationTokenSource();
            await atOnce.CancelAsync();
            await _app.StopAsync(atOnce.Token);
            await _app.DisposeAsync();
        }

        _client.Dispose();
    }

    private void CutSockets()
    {
        // Beside its request's end a context may not be touched: one that is listed has not come to it.
        lock (_sockets)
        {
            foreach (var http in _sockets)
                http.Abort();
        }
    }

    private async Task Pass(HttpContext http)
    {
        if (http.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true })
        {
            await Answer(http);
            return;
        }

        // Listed before it asks what is spoiled: a fault that it does not see cuts it.
        lock (_sockets)
            _sockets.Add(http);
        try
        {
            await Answer(http);
        }
        finally
        {
            lock (_sockets)
                _sockets.Remove(http);
        }
    }

    private async Task Answer(HttpContext http)
    {
        var post = IsPost(http.Request.Method, http.Request.Path);
        var fault = Down ? ProxyFault.CutBefore : OfQuestions;
        if (post && !Down)
        {
            fault = _ofPosts;
            _ofPosts = ProxyFault.None;
            if (fault != ProxyFault.None)
                Interlocked.Increment(ref _postsSpoiled);
        }

        switch (fault)
        {
            case ProxyFault.CutBefore:
                http.Abort();
                return;
            case ProxyFault.Garbage:
                http.Response.ContentType = "text/html";
                await http.Response.WriteAsync("<html><body>It works!</body></html>");
                return;
            case ProxyFault.CutAfter or ProxyFault.SilentAfter:
                if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
                    http.Features.Set<IHttpUpgradeFeature>(new UnheardSocket(upgrade, fault == ProxyFault.CutAfter ? http.Abort : () => { }));
                else
                    http.Response.Body = Stream.Null;
                break;
        }

        await http.RequestServices.GetRequiredService<IHttpForwarder>().SendAsync(http, Service().ToString(), _client);
        if (fault == ProxyFault.SilentAfter)
            await Task.WhenAny(_over.Task, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted));
        if (fault is ProxyFault.CutAfter or ProxyFault.SilentAfter)
            http.Abort();
    }
}

/// <summary>What becomes of a request.</summary>
public enum ProxyFault
{
    /// <summary>It is answered.</summary>
    None,

    /// <summary>The connection is cut and the service hears nothing.</summary>
    CutBefore,

    /// <summary>The service answers, and the connection is cut in place of the answer.</summary>
    CutAfter,

    /// <summary>The service answers, and nobody ever hears it.</summary>
    SilentAfter,

    /// <summary>The service hears nothing, and a page comes with status 200.</summary>
    Garbage,
}
