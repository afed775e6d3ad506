using System.Net.WebSockets;
using System.Text.Json;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// Listens to what the server tells one client. It is for progress, unfinished pictures, and for waking whoever asks: a socket may go deaf without being closed, so
/// silence means nothing. Lost, it is connected again a little later, when the server has forgotten the former one, under the same id, since
/// the prompt's messages go there.
/// </summary>
internal sealed class ComfySocket : IAsyncDisposable
{
    private const int MaxMessageBytes = 64 << 20;
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly ComfyProgress _progress;
    private readonly Uri _address;
    private readonly IReadOnlyDictionary<string, string> _headers;
    private readonly TimeProvider _time;
    private readonly List<JsonElement> _early = [];
    private TaskCompletionSource _news = New();
    private Task _listening = Task.CompletedTask;
    private bool _overTold;
    private string? _fault;
    private ComfyPreview? _preview;

    public ComfySocket(Uri home, string clientId, IReadOnlyDictionary<string, string> nodes, IReadOnlyDictionary<string, string> headers, TimeProvider time)
    {
        (ClientId, _headers, _time) = (clientId, headers, time);
        _progress = new(nodes);
        var address = new UriBuilder(new Uri(home, "ws")) { Scheme = home.Scheme == "https" ? "wss" : "ws", Query = $"clientId={clientId}" };
        _address = address.Uri;
    }

    public string ClientId { get; }

    /// <summary>How the prompt ended, as far as was heard.</summary>
    public ComfyEnd? End
    {
        get
        {
            lock (_lock)
                return _progress.End;
        }
    }

    /// <summary>Connects once; a server that does not take it is only not listened to, which the progress then says.</summary>
    public async Task Connect(TimeSpan limit, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            using var end = new CancellationTokenSource(limit, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellationToken);
            await Open(socket, either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is WebSocketException or OperationCanceledException or IOException or HttpRequestException)
        {
            socket.Dispose();
            socket = null;
            _fault = e.Message;
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        _listening = Listen(socket);
    }

    /// <summary>Says which prompt is ours; what was told of it before is made up for.</summary>
    public void Follow(string promptId)
    {
        lock (_lock)
        {
            if (_progress.PromptId is not null)
                return;
            _progress.PromptId = promptId;
            var told = false;
            foreach (var message in _early)
                told |= _progress.Hear(message);
            _early.Clear();
            if (told)
                Tell();
        }
    }

    /// <summary>Waits for the prompt's end or for so long, and reports its progress and its unfinished pictures meanwhile.</summary>
    public async Task Wait(TimeSpan longest, IJobContext job, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            Task news;
            lock (_lock)
            {
                news = _news.Task;
                // Told once: where asking did not help, it is not asked again without a pause.
                if (_progress.IsOver && !_overTold)
                {
                    _overTold = true;
                    return;
                }

                if (_progress.Percent > 0 || _progress.Message is not null)
                    job.ReportProgress(_progress.Percent, _progress.Message);
                else if (_fault is not null)
                    job.ReportProgress(0, $"no live progress: {_fault}");
                if (_preview is { } preview)
                    job.ReportPreview(preview.Picture, preview.ContentType);
                _preview = null;
            }

            var left = longest - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
                return;
            try
            {
                await news.WaitAsync(left, _time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _listening;
        _end.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task Open(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        socket.Options.Proxy = null;
        foreach (var (name, value) in _headers)
            socket.Options.SetRequestHeader(name, value);
        await socket.ConnectAsync(_address, cancellationToken);
        await socket.SendAsync(ComfyPreview.Ask, WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
    }

    private async Task Listen(ClientWebSocket? socket)
    {
        try
        {
            while (true)
            {
                if (socket is not null)
                {
                    using (socket)
                        await Receive(socket);
                }

                await Task.Delay(AgainAfter, _time, _end.Token);
                socket = new ClientWebSocket();
                try
                {
                    await Open(socket, _end.Token);
                }
                catch (Exception e) when (e is WebSocketException or IOException or HttpRequestException)
                {
                    _fault = e.Message;
                    socket.Dispose();
                    socket = null;
                }
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            socket?.Dispose();
        }
    }

    /// <summary>Until the connection is over.</summary>
    private async Task Receive(ClientWebSocket socket)
    {
        var buffer = new byte[16 << 10];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(), _end.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                message.Write(buffer, 0, part.Count);
                if (message.Length > MaxMessageBytes)
                    throw new InvalidDataException($"A message is longer than {MaxMessageBytes >> 20} MB.");
                if (!part.EndOfMessage)
                    continue;
                var whole = message.GetBuffer().AsMemory(0, (int)message.Length);
                if (part.MessageType == WebSocketMessageType.Text)
                    Take(whole);
                else if (ComfyPreview.Parse(whole) is { } preview)
                    Show(preview);
                message.SetLength(0);
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or InvalidDataException)
        {
            _fault = e.Message;
        }
    }

    private void Take(ReadOnlyMemory<byte> text)
    {
        JsonElement message;
        try
        {
            using var json = JsonDocument.Parse(text);
            message = json.RootElement.Clone();
        }
        catch (JsonException)
        {
            // A custom node's own; what it says is nothing of ours.
            return;
        }

        lock (_lock)
        {
            if (_progress.PromptId is null)
                _early.Add(message);
            else if (_progress.Hear(message))
                Tell();
        }
    }

    private void Show(ComfyPreview preview)
    {
        lock (_lock)
        {
            if (preview.PromptId is { } prompt ? prompt != _progress.PromptId : !_progress.Runs)
                return;
            _preview = preview;
            Tell();
        }
    }

    private void Tell()
    {
        var news = _news;
        _news = New();
        news.SetResult();
    }
}
