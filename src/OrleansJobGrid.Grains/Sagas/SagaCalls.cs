using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Outbound;

namespace OrleansJobGrid.Grains.Sagas;

/// <summary>Where this grid's own API is found from this process; null: it is not known here.</summary>
public interface IOwnAddress
{
    /// <summary>Such as <c>http://127.0.0.1:8080</c>.</summary>
    Uri? Url { get; }
}

/// <summary>Makes the HTTP calls of sagas. It throws nothing: whatever comes of a call is its end.</summary>
internal sealed class SagaCalls : IDisposable
{
    private const int LargestAnswer = 64 << 10;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly SagaOptions _options;
    private readonly IOwnAddress? _own;
    private readonly TimeProvider _time;

    public SagaCalls(IOptions<Hosting.JobGridOptions> options, TimeProvider time, IOwnAddress? own = null) => (_options, _time, _own) = (options.Value.Sagas, time, own);

    /// <summary>Makes a call.</summary>
    /// <param name="request">Method, url, headers, body and accept, all values in.</param>
    /// <param name="key">Its <c>Idempotency-Key</c>.</param>
    /// <param name="stop">Breaks it off.</param>
    public async Task<SagaCallEnd> Call(JsonNode request, string key, CancellationToken stop)
    {
        var url = request["url"]!.GetValue<string>();
        if (AddressOf(url, out var refused) is not { } address)
            return new(null, refused, Final: true);
        var longest = request["timeout_ms"] is { } own ? TimeSpan.FromMilliseconds(own.GetValue<long>()) : _options.CallTimeout;
        using var limit = new CancellationTokenSource(longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            using var message = new HttpRequestMessage(new HttpMethod(request["method"]!.GetValue<string>()), address);
            message.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            if (request["body"] is { } body)
                message.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            foreach (var (name, value) in (JsonObject)request["headers"]!)
            {
                if (!message.Headers.TryAddWithoutValidation(name, value!.GetValue<string>()) && message.Content is { } content)
                {
                    content.Headers.Remove(name);
                    content.Headers.TryAddWithoutValidation(name, value.GetValue<string>());
                }
            }

            using var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var status = (int)answer.StatusCode;
            var said = await Read(answer.Content, either.Token);
            var accept = ((JsonArray)request["accept"]!).Select(a => a!.GetValue<int>()).ToList();
            if (accept.Count == 0 ? !answer.IsSuccessStatusCode : !accept.Contains(status))
                return new(null, $"{request["method"]} {AllowedAddress.Shown(address)} answered {status}: {AllowedAddress.Short(said.ToJsonString())}", Final: IsFinal(status));
            return new(Encoding.UTF8.GetBytes(new JsonObject { ["status"] = status, ["body"] = said }.ToJsonString()), null, false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return new(null, "It was stopped.", Final: false);
        }
        catch (OperationCanceledException)
        {
            return new(null, $"{request["method"]} {AllowedAddress.Shown(address)} was not answered within {longest}.", false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            return new(null, $"{request["method"]} {AllowedAddress.Shown(address)}: {e.Message}", e is InvalidDataException);
        }
    }

    public void Dispose() => _http.Dispose();

    private Uri? AddressOf(string url, out string? refused)
    {
        if (!url.StartsWith("/api/", StringComparison.Ordinal))
            return AllowedAddress.Check(url, _options.Allow, "JobGrid:Sagas:Allow", out refused);
        refused = AllowedAddress.Folded(url);
        if (refused is not null)
            return null;
        if ((_options.GridUrl is { } given ? new Uri(given) : _own?.Url) is { } home)
            return new(home, url);
        refused = $"'{url}' is an address of this grid, and this process does not know it: set JobGrid:Sagas:GridUrl.";
        return null;
    }

    private static async Task<JsonNode> Read(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LargestAnswer + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > LargestAnswer)
            throw new InvalidDataException($"the answer is larger than {LargestAnswer >> 10} KB, which a saga does not keep.");
        try
        {
            if (JsonNode.Parse(buffer.AsSpan(0, length)) is { } json)
                return json;
        }
        catch (JsonException)
        {
            // It is kept as a text.
        }

        return JsonValue.Create(Encoding.UTF8.GetString(buffer, 0, length));
    }

    /// <summary>What the receiver says is wrong will be wrong again; it may be busy, or another may have been asked at the same moment.</summary>
    private static bool IsFinal(int status) => status is >= 400 and < 500 and not (408 or 409 or 423 or 425 or 429);
}
