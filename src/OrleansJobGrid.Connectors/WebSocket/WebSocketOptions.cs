namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>Services outside that are described by their messages alone (<c>JobGrid:WebSocket</c>); see <c>docs/websocket.md</c>.</summary>
public sealed class WebSocketOptions
{
    /// <summary>By the name of the service, as in a job's <c>service_required</c>: 1 to 64 of <c>A-Za-z0-9._-</c>. Default none.</summary>
    public IDictionary<string, WebSocketServiceOptions> Services { get; } = new Dictionary<string, WebSocketServiceOptions>(StringComparer.Ordinal);
}
