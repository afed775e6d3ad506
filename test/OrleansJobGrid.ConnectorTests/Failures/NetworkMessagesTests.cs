using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

/// <summary>The way to a service, and services that are down: real exceptions of .NET, and the words of other languages.</summary>
public sealed class NetworkMessagesTests : ClassifierTestBase
{
    [Theory]
    [InlineData(500, "", "internal_error")]
    [InlineData(500, """{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}""", "internal_error")]
    [InlineData(502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.24.0</center>\r\n</body>\r\n</html>\r\n", "service_down")]
    [InlineData(503, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>", "service_down")]
    [InlineData(503, """{"error":"Model acme/big is currently loading","estimated_time":20.0}""", "service_overloaded")]
    [InlineData(503, """{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}""", "service_overloaded")]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "service_overloaded")]
    [InlineData(504, "<html><head><title>504 Gateway Time-out</title></head><body></body></html>", "gateway_timeout")]
    [InlineData(408, "", "request_timeout")]
    [InlineData(520, "error code: 520", "unexpected_response")]
    [InlineData(521, "<!DOCTYPE html><html><head><title>example.com | 521: Web server is down</title></head></html>", "connection_refused")]
    [InlineData(522, "<!DOCTYPE html><html><head><title>example.com | 522: Connection timed out</title></head></html>", "connection_timeout")]
    [InlineData(523, "error code: 523", "host_unreachable")]
    [InlineData(524, "<!DOCTYPE html><html><head><title>example.com | 524: A timeout occurred</title></head></html>", "gateway_timeout")]
    [InlineData(525, "error code: 525", "tls_failure")]
    [InlineData(526, "<!DOCTYPE html><html><head><title>example.com | 526: Invalid SSL certificate</title></head></html>", "tls_failure")]
    public void ServiceFaults_PassByThemselves(int status, string body, string reason) => Answered(status, body, FailureClass.Transient, reason);

    public static TheoryData<string, Exception, string> Thrown() => new()
    {
        { "refused", Http(HttpRequestError.ConnectionError, "Connection refused (127.0.0.1:8188)", new SocketException((int)SocketError.ConnectionRefused)), "connection_refused" },
        { "refused, bare", new SocketException((int)SocketError.ConnectionRefused), "connection_refused" },
        { "unknown name", Http(HttpRequestError.NameResolutionError, "Name or service not known (comfy.invalid:80)", new SocketException((int)SocketError.HostNotFound)), "dns_failure" },
        { "no way", Http(HttpRequestError.ConnectionError, "No route to host (10.1.2.3:8188)", new SocketException((int)SocketError.HostUnreachable)), "host_unreachable" },
        { "no answer to a connect", Http(HttpRequestError.ConnectionError, "Connection timed out (10.1.2.3:8188)", new SocketException((int)SocketError.TimedOut)), "connection_timeout" },
        { "reset", Http(HttpRequestError.Unknown, "An error occurred while sending the request.", new IOException("Unable to read data from the transport connection: Connection reset by peer.", new SocketException((int)SocketError.ConnectionReset))), "connection_lost" },
        { "TLS", Http(HttpRequestError.SecureConnectionError, "The SSL connection could not be established, see inner exception.", new AuthenticationException("The remote certificate is invalid because of errors in the certificate chain: UntrustedRoot")), "tls_failure" },
        { "cut", Http(HttpRequestError.ResponseEnded, "An error occurred while sending the request.", new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.")), "truncated_response" },
        { "cut body", new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely, with at least 1024 additional bytes expected."), "truncated_response" },
        { "timeout of HttpClient", new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.", new TimeoutException("A task was canceled.")), "request_timeout" },
        { "timeout", new TimeoutException("The operation has timed out."), "request_timeout" },
        { "status", new HttpRequestException("Response status code does not indicate success: 502 (Bad Gateway).", null, HttpStatusCode.BadGateway), "service_down" },
        { "no JSON", Unreadable("<html>"), "invalid_json" },
        { "cut JSON", Unreadable("{\"a\": [1,"), "truncated_response" },
        { "socket closed", new System.Net.WebSockets.WebSocketException("The remote party closed the WebSocket connection without completing the close handshake."), "connection_lost" },
        { "nothing known", new InvalidOperationException("Sequence contains no elements"), "unknown_error" },
    };

    [Theory]
    [MemberData(nameof(Thrown), DisableDiscoveryEnumeration = true)]
    public void ExceptionsOfThisPlatform(string _, Exception exception, string reason) => Check(FailureEvidence.Of(exception), FailureClass.Transient, reason);

    [Theory]
    [InlineData("ConnectionRefusedError", "[Errno 111] Connection refused", "connection_refused")]
    [InlineData(null, "connect ECONNREFUSED 127.0.0.1:8188", "connection_refused")]
    [InlineData(null, "No connection could be made because the target machine actively refused it. (127.0.0.1:8188)", "connection_refused")]
    [InlineData("socket.gaierror", "[Errno -3] Temporary failure in name resolution", "dns_failure")]
    [InlineData(null, "getaddrinfo ENOTFOUND comfy.invalid", "dns_failure")]
    [InlineData("ssl.SSLCertVerificationError", "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1007)", "tls_failure")]
    [InlineData("requests.exceptions.ConnectionError", "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))", "connection_lost")]
    [InlineData(null, "socket hang up", "connection_lost")]
    [InlineData(null, "read ECONNRESET", "connection_lost")]
    [InlineData("BrokenPipeError", "[Errno 32] Broken pipe", "connection_lost")]
    [InlineData("requests.exceptions.ReadTimeout", "HTTPSConnectionPool(host='api.example.com', port=443): Read timed out. (read timeout=60)", "request_timeout")]
    [InlineData("requests.exceptions.ConnectTimeout", "HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded with url: / (Caused by ConnectTimeoutError(<urllib3.connection.HTTPSConnection object at 0x7f>, 'Connection to api.example.com timed out. (connect timeout=5)'))", "connection_timeout")]
    [InlineData("json.decoder.JSONDecodeError", "Expecting value: line 1 column 1 (char 0)", "invalid_json")]
    [InlineData("http.client.IncompleteRead", "IncompleteRead(512 bytes read, 1024 more expected)", "truncated_response")]
    [InlineData(null, "The prediction timed out after 600 s", "generation_timeout")]
    public void WordsOfOtherLanguages(string? type, string message, string reason) => Told(type, message, FailureClass.Transient, reason);

    private static HttpRequestException Http(HttpRequestError error, string message, Exception inner) => new(error, message, inner);

    private static Exception Unreadable(string json)
    {
        try
        {
            JsonDocument.Parse(json).Dispose();
            throw new InvalidOperationException("This is JSON.");
        }
        catch (JsonException e)
        {
            return e;
        }
    }
}
