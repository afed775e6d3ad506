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
/// <param name="hearsFlags">Clients can ask for unfinished pictures that say whose they are.</param>
internal sealed class ComfySockets(bool hearsFlags)
{
    private readonly ConcurrentDictionary<string, Client> _clients = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WebSocket> _open = new(StringComparer.Ordinal);

    /// <summary>Client ids in the order of their coming.</summary>
    public ConcurrentQueue<string> Came { get; } = new();

    /// <summary>Clients that get messages now.</summary>
    public IReadOnlyCollection<string> Clients => [.. _clients.Keys];

    public async Task Serve(WebSocket socket, string clientId, JsonObject hello, string? runningNode, CancellationToken cancellationToken)
    {
        Came.Enqueue(clientId);
        var client = new Client();
        var messages = client.Messages;
        var key = $"{clientId}/{Guid.NewGuid()}";
        (_clients[clientId], _open[key]) = (client, socket);
        client.Tell(hello);
        // After a reconnection the node that runs is told without its prompt.
        if (runningNode is not null)
            client.Tell(new() { ["type"] = "executing", ["data"] = new JsonObject { ["node"] = runningNode } });
        var sending = Send(socket, messages.Reader, cancellationToken);
        try
        {
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken) is { MessageType: not WebSocketMessageType.Close } said)
            {
                // All else that clients say is nothing to it.
                client.WantsMetadata |= hearsFlags && Encoding.UTF8.GetString(buffer, 0, said.Count).Contains("\"supports_preview_metadata\":true", StringComparison.Ordinal);
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
            client.Tell(message);
    }

    /// <summary>Shows an unfinished picture, to all where the prompt has no client.</summary>
    public void Show(string? clientId, string promptId, string node, byte[] jpeg)
    {
        foreach (var client in clientId is null ? _clients.Values : _clients.TryGetValue(clientId, out var one) ? [one] : [])
        {
            var metadata = Encoding.UTF8.GetBytes(new JsonObject
            {
                ["node_id"] = node,
                ["prompt_id"] = promptId,
                ["display_node_id"] = node,
                ["parent_node_id"] = null,
                ["real_node_id"] = node,
                ["image_type"] = "image/jpeg",
            }.ToJsonString());
            client.Messages.Writer.TryWrite((client.WantsMetadata ? [0, 0, 0, 4, 0, 0, (byte)(metadata.Length >> 8), (byte)metadata.Length, .. metadata, .. jpeg] : (byte[])[0, 0, 0, 1, 0, 0, 0, 1, .. jpeg], true));
        }
    }

    public void TellAll(JsonObject message)
    {
        foreach (var client in _clients.Values)
            client.Tell(message);
    }

    /// <summary>Cuts all connections without a close frame.</summary>
    public void Cut()
    {
        foreach (var socket in _open.Values)
            socket.Abort();
    }

    private static async Task Send(WebSocket socket, ChannelReader<(byte[] Bytes, bool Binary)> messages, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var (bytes, binary) in messages.ReadAllAsync(cancellationToken))
                await socket.SendAsync(bytes, binary ? WebSocketMessageType.Binary : WebSocketMessageType.Text, true, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client is gone.
        }
    }

    private sealed class Client
    {
        public Channel<(byte[] Bytes, bool Binary)> Messages { get; } = Channel.CreateUnbounded<(byte[] Bytes, bool Binary)>();

        public volatile bool WantsMetadata;

        public void Tell(JsonObject message) => Messages.Writer.TryWrite((Encoding.UTF8.GetBytes(message.ToJsonString()), false));
    }
}
