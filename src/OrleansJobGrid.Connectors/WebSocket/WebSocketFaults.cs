using System.Net;
using System.Net.WebSockets;

namespace OrleansJobGrid.Connectors.WebSockets;

/// <summary>The service answered the request for a connection with something else than a connection.</summary>
internal sealed class WebSocketRefusedException(string message, HttpStatusCode status, string? retryAfter, Exception inner)
    : HttpRequestException(message, inner, status)
{
    public string? RetryAfter { get; } = retryAfter;
}

/// <summary>The service closed the connection.</summary>
internal sealed class WebSocketClosedException(string instance, WebSocketCloseStatus? code, string? reason)
    : IOException($"'{instance}' closed the connection with {(int?)code ?? 1005}{(string.IsNullOrEmpty(reason) ? "" : $": {reason}")}.")
{
    public WebSocketCloseStatus? Code { get; } = code;
}

/// <summary>A message is longer than it may be.</summary>
internal sealed class WebSocketMessageTooLongException(string instance, int mostMb)
    : IOException($"'{instance}' sent more than {mostMb} MB. Have it name files by their address, or raise MaxMessageMb.");

/// <summary>The service did not let the worker in.</summary>
internal sealed class WebSocketHandshakeException(FailedResult failure) : IOException(failure.Message)
{
    public FailedResult Failure { get; } = failure;
}
