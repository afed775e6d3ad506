using System.Net.WebSockets;
using System.Text;
using OrleansJobGrid.Connectors.Http;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>One connection: messages go out one after another, and come in whole. Its faults are those of <see cref="Outside.OutsideFaults"/>.</summary>
internal sealed class WebSocketLink : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly byte[] _buffer = new byte[16 << 10];
    private readonly string _instance;
    private readonly int _mostMb;

    private WebSocketLink(string instance, int mostMb) => (_instance, _mostMb) = (instance, mostMb);

    /// <summary>Connects.</summary>
    public static async Task<WebSocketLink> Open(
        string instance, Uri address, WebSocketServiceOptions options, HttpMessageInvoker invoker, CancellationToken cancellationToken)
    {
        var link = new WebSocketLink(instance, options.MaxMessageMb);
        try
        {
            await link.Connect(address, options, invoker, cancellationToken);
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    public async Task Send(string text, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw Lost(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next message.</summary>
    public async Task<(bool Binary, byte[] Content)> Receive(CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close)
                    throw new WebSocketClosedException(_instance, _socket.CloseStatus, _socket.CloseStatusDescription);
                message.Write(_buffer, 0, part.Count);
                if (message.Length > (long)_mostMb << 20)
                    throw new WebSocketMessageTooLongException(_instance, _mostMb);
                if (part.EndOfMessage)
                    return (part.MessageType == WebSocketMessageType.Binary, message.ToArray());
            }
        }
        catch (WebSocketException e)
        {
            throw Lost(e);
        }
    }

    /// <summary>Says that nothing more comes, without waiting for the answer.</summary>
    public async Task Close(CancellationToken cancellationToken)
    {
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone as well without a farewell.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task Connect(Uri address, WebSocketServiceOptions options, HttpMessageInvoker invoker, CancellationToken cancellationToken)
    {
        _socket.Options.CollectHttpResponseDetails = true;
        _socket.Options.KeepAliveInterval = options.KeepAlive;
        if (options.KeepAlive > TimeSpan.Zero)
            _socket.Options.KeepAliveTimeout = options.KeepAlive;
        foreach (var (name, value) in options.Headers.Concat(HttpAuth.HeadersOf(options.Auth)))
            _socket.Options.SetRequestHeader(name, value);
        try
        {
            await _socket.ConnectAsync(address, invoker, cancellationToken);
        }
        catch (WebSocketException e) when ((int)_socket.HttpStatusCode is var status and > 0)
        {
            var hint = status is 401 or 403 ? "Check the service's Auth." : "Check its address in Instances, and Path.";
            throw new WebSocketRefusedException(
                $"'{_instance}' answered {status} where a WebSocket was to begin. {hint}", _socket.HttpStatusCode, RetryAfter(), e);
        }
        catch (WebSocketException e)
        {
            throw new HttpRequestException($"No connection to '{_instance}'.", e);
        }
    }

    private string? RetryAfter() =>
        _socket.HttpResponseHeaders?.FirstOrDefault(h => h.Key.Equals("Retry-After", StringComparison.OrdinalIgnoreCase)).Value?.FirstOrDefault();

    private IOException Lost(WebSocketException inner) => new($"The connection to '{_instance}' was lost: {inner.Message}", inner);
}
