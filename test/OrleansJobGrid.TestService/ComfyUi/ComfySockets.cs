using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>
/// The clients' sockets. Of two with one id only the later gets messages, and when the first one closes the second is forgotten too: it stays
/// open and deaf.
/// </summary>
internal sealed class ComfySockets
{
    private readonly ConcurrentDictionary<string, Channel<ReadOnlyMemory<byte>>> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WebSocket> _open = new(StringComparer.Ordinal);

    /// <summary>Client ids in the order of their coming.</summary>
    public ConcurrentQueue<string> Came { get; } = new();

    /// <summary>Clients that get messages now.</summary>
    public IReadOnlyCollection<string> Clients => [.. _clients.Keys];

    public async Task Serve(WebSocket socket, string clientId, JsonObject hello, string? runningNode, CancellationToken cancellationToken)
    {
        Came.Enqueue(clientId);
        var messages = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        var key = $"{clientId}/{Guid.NewGuid()}";
        (_clients[clientId], _open[key]) = (messages, socket);
        messages.Writer.TryWrite(Bytes(hello));
        // After a reconnection the node that runs is told without its prompt.
        if (runningNode is not null)
            messages.Writer.TryWrite(Bytes(new() { ["type"] = "executing", ["data"] = new JsonObject { ["node"] = runningNode } }));
        var sending = Send(socket, messages.Reader, cancellationToken);
        try
        {
            var buffer = new byte[4096];
            while ((await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken)).MessageType != WebSocketMessageType.Close)
            {
                // What clients say is nothing to it.
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It went without a word.
        }

        _clients.TryRemove(clientId, out _);
        _open.TryRemove(key, out _);
        messages.Writer.TryComplete();
        await sending;
    }

    public void Tell(string? clientId, JsonObject message)
    {
        if (clientId is not null && _clients.TryGetValue(clientId, out var client))
            client.Writer.TryWrite(Bytes(message));
    }

    public void TellAll(JsonObject message)
    {
        foreach (var client in _clients.Values)
            client.Writer.TryWrite(Bytes(message));
    }

    /// <summary>Cuts all connections without a close frame.</summary>
    public void Cut()
    {
        foreach (var socket in _open.Values)
            socket.Abort();
    }

    private static byte[] Bytes(JsonObject message) => Encoding.UTF8.GetBytes(message.ToJsonString());

    private static async Task Send(WebSocket socket, ChannelReader<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in messages.ReadAllAsync(cancellationToken))
                await socket.SendAsync(message, WebSocketMessageType.Text, true, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client is gone.
        }
    }
}
