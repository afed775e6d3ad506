namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>What a message's type means.</summary>
internal enum WebSocketKind
{
    Accepted,
    Progress,
    Completed,
    Failed,
    Refused,
    Cancelled,
    Unknown,
    Ping,
    Ignored,
}

/// <summary>What a service's words for types mean.</summary>
internal static class WebSocketTypes
{
    /// <summary>Null: nothing says.</summary>
    public static WebSocketKind? Of(string? word, WebSocketTypeOptions options) =>
        All(options).Where(t => t.Word.Equals(word, StringComparison.OrdinalIgnoreCase)).Select(t => (WebSocketKind?)t.Kind).FirstOrDefault();

    public static IEnumerable<(string Word, WebSocketKind Kind)> All(WebSocketTypeOptions options)
    {
        (WebSocketKind Kind, IList<string> Given, string[] Usual)[] all =
        [
            (WebSocketKind.Accepted, options.Accepted, []),
            (WebSocketKind.Progress, options.Progress, ["progress", "running"]),
            (WebSocketKind.Completed, options.Completed, ["completed", "result"]),
            (WebSocketKind.Failed, options.Failed, ["failed", "error"]),
            (WebSocketKind.Refused, options.Refused, ["refused", "rejected"]),
            (WebSocketKind.Cancelled, options.Cancelled, ["cancelled", "canceled"]),
            (WebSocketKind.Unknown, options.Unknown, ["unknown", "not_found"]),
            (WebSocketKind.Ping, options.Ping, ["ping"]),
            (WebSocketKind.Ignored, options.Ignored, []),
        ];
        var given = all.SelectMany(k => k.Given).ToHashSet(StringComparer.OrdinalIgnoreCase);
        // A usual word that was given another meaning has that one alone.
        return all.SelectMany(k => (k.Given.Count > 0 ? k.Given : k.Usual.Where(u => !given.Contains(u))).Select(w => (w, k.Kind)));
    }
}
