using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace OrleansJobGrid.ConnectorTests.WebSockets;

/// <summary>
/// A service that takes a job a message, tells on the connection how it goes, and on any other one whoever asks. A test may answer what comes
/// itself instead.
/// </summary>
internal sealed class SocketService : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Work> _all = new(StringComparer.Ordinal);
    private WebApplication? _app;
    private TaskCompletionSource _gate = Opened();
    private readonly SemaphoreSlim _slot = new(1);
    private int _begun;
    private int _ids;
    private int _connections;

    public string Address { get; private set; } = "";

    public int Begun => Volatile.Read(ref _begun);

    public int Live => _all.Values.Count(w => w.State is "accepted" or "running");

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Whether a job waits while another one runs.</summary>
    public bool OneAtATime { get; init; }

    /// <summary>Messages that came, in order.</summary>
    public ConcurrentQueue<JsonNode> Messages { get; } = new();

    /// <summary>Looks at a request before it becomes a connection; true: it answered.</summary>
    public Func<HttpContext, bool> Turns { get; set; } = _ => false;

    /// <summary>Speaks first on each connection.</summary>
    public Func<Talk, Task> Greets { get; set; } = _ => Task.CompletedTask;

    /// <summary>Answers messages of a type in the service's place.</summary>
    public ConcurrentDictionary<string, Func<Talk, JsonNode, Task>> Instead { get; } = new(StringComparer.Ordinal);

    public void Hold() => _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => _gate.TrySetResult();

    public async Task ListenAsync(Action<IWebHostBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (configure is null)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            configure(builder.WebHost);
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(Serve);
        await _app.StartAsync();
        Address = _app.Urls.Single().Replace("http", "ws", StringComparison.Ordinal);
    }

    /// <summary>A job that nobody sent, as if its worker were gone.</summary>
    public void Has(string mark, string state) => _all[mark] = new(mark, $"w{Interlocked.Increment(ref _ids)}", state);

    public async ValueTask DisposeAsync()
    {
        _slot.Dispose();
        if (_app is null)
            return;
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
        _app = null;
    }

    private static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    private async Task Serve(HttpContext http)
    {
        if (Turns(http))
            return;
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.StatusCode = 426;
            return;
        }

        Interlocked.Increment(ref _connections);
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        using var talk = new Talk(http, socket);
        try
        {
            await Greets(talk);
            while (await talk.Hear() is { } message)
            {
                Messages.Enqueue(message);
                var type = message["type"]!.GetValue<string>();
                if (Instead.TryGetValue(type, out var answer))
                    await answer(talk, message);
                else
                    await Answer(talk, type, message);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other side is gone.
        }
    }

    private async Task Answer(Talk talk, string type, JsonNode message)
    {
        var job = message["job"]!.GetValue<string>();
        switch (type)
        {
            case "submit":
                await Begin(talk, job, message["kind"]?.GetValue<string>());
                break;
            case "query":
                await talk.Say(Find(job)?.ToJson() ?? new JsonObject { ["type"] = "unknown", ["job"] = job });
                break;
            case "cancel":
                var found = Find(job);
                found?.End("cancelled");
                await talk.Say(found?.ToJson() ?? new JsonObject { ["type"] = "unknown", ["job"] = job });
                break;
        }
    }

    private Work? Find(string id) => _all.Values.FirstOrDefault(w => w.Mark == id || w.Id == id);

    private async Task Begin(Talk talk, string mark, string? kind)
    {
        if (kind == "wrong")
        {
            await talk.Say(new JsonObject { ["type"] = "rejected", ["job"] = mark, ["error"] = "kind is wrong" });
            return;
        }

        var work = new Work(mark, $"w{Interlocked.Increment(ref _ids)}", "accepted");
        _all[mark] = work;
        await talk.Say(new JsonObject { ["type"] = "accepted", ["job"] = mark, ["id"] = work.Id });
        _ = Go(talk, work, kind);
    }

    private async Task Go(Talk talk, Work work, string? kind)
    {
        try
        {
            if (OneAtATime)
                await _slot.WaitAsync();
            if (work.Begins())
            {
                Interlocked.Increment(ref _begun);
                var gate = _gate.Task;
                await Tell(talk, new JsonObject { ["type"] = "running", ["job"] = work.Mark, ["progress"] = 40, ["note"] = "step 4 of 10" });
                await Task.WhenAny(gate, work.Over);
                work.End(kind == "fails" ? "failed" : "completed");
                await Tell(talk, work.ToJson());
            }

            if (OneAtATime)
                _slot.Release();
        }
        catch (ObjectDisposedException)
        {
            // The service is over.
        }
    }

    private static async Task Tell(Talk talk, JsonNode message)
    {
        try
        {
            await talk.Say(message);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It is told to whoever asks.
        }
    }

    private sealed class Work(string mark, string id, string state)
    {
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string _state = state;

        public string Mark => mark;

        public string Id => id;

        public string State => Volatile.Read(ref _state);

        public Task Over => _over.Task;

        public bool Begins() => Interlocked.CompareExchange(ref _state, "running", "accepted") == "accepted";

        public void End(string state)
        {
            if (Interlocked.CompareExchange(ref _state, state, "running") == "running" || Interlocked.CompareExchange(ref _state, state, "accepted") == "accepted")
                _over.TrySetResult();
        }

        public JsonObject ToJson() => new()
        {
            ["type"] = State,
            ["job"] = mark,
            ["id"] = id,
            ["progress"] = 40,
            ["error"] = State == "failed" ? "the device is lost" : null,
            ["result"] = State == "completed" ? new JsonObject { ["text"] = "done" } : null,
        };
    }
}

/// <summary>One connection, as the service has it.</summary>
internal sealed class Talk(HttpContext http, WebSocket socket) : IDisposable
{
    private readonly SemaphoreSlim _saying = new(1);

    public HttpContext Http => http;

    public Task Say(JsonNode message) => Say(message.ToJsonString());

    public Task Say(string text) => Send(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true);

    public async Task Send(byte[] content, WebSocketMessageType type, bool last)
    {
        await _saying.WaitAsync(http.RequestAborted);
        try
        {
            await socket.SendAsync(content, type, last, http.RequestAborted);
        }
        finally
        {
            _saying.Release();
        }
    }

    public void Dispose() => _saying.Dispose();

    public Task Close(int code, string reason) => socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, http.RequestAborted);

    public void Cut() => http.Abort();

    /// <summary>The next message; null: it was closed.</summary>
    public async Task<JsonNode?> Hear()
    {
        var buffer = new byte[4096];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted);
            if (part.MessageType == WebSocketMessageType.Close)
                return null;
            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
                return JsonNode.Parse(message.ToArray());
        }
    }
}
