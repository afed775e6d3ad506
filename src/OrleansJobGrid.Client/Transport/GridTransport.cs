using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OrleansJobGrid.Client;

/// <summary>One HTTP call to the grid: retries what cannot double, and turns every error into a <see cref="JobGridException"/>.</summary>
internal sealed class GridTransport(HttpClient http, JobGridClientOptions options)
{
    public JobGridClientOptions Options => options;

    public string Address => http.BaseAddress is { } address ? address.GetLeftPart(UriPartial.Authority) : "the address given";

    public async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, type, cancellationToken)
                ?? throw new JobGridException($"{Address} answered with an empty document. Is it a grid?");
        }
        catch (JsonException e)
        {
            throw new JobGridException($"{Address} answered with something that is not the grid's protocol: {e.Message}", e);
        }
        catch (Exception e) when (IsBroken(e, cancellationToken))
        {
            throw Unreachable(e);
        }
    }

    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);
        return await ReadAsync(response, type, cancellationToken);
    }

    /// <summary>Sends until an answer comes that is no reason to try again; an error answer throws unless <paramref name="accept"/> takes it.</summary>
    /// <param name="request">Makes the request anew for each try; all tries must have the same effect as one.</param>
    /// <param name="cancellationToken">Ends the call and its pauses.</param>
    /// <param name="accept">Status codes beyond the 2xx that are answers.</param>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> request, CancellationToken cancellationToken, HttpStatusCode? accept = null)
    {
        for (var tries = 1; ; tries++)
        {
            TimeSpan? retryAfter;
            using var message = request();
            try
            {
                var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.IsSuccessStatusCode || response.StatusCode == accept)
                    return response;
                using (response)
                {
                    if (tries > options.Retries || !IsPassing(response.StatusCode))
                        throw await ProblemAsync(response, cancellationToken);
                    retryAfter = response.Headers.RetryAfter?.Delta;
                }
            }
            catch (Exception e) when (IsBroken(e, cancellationToken))
            {
                if (tries > options.Retries)
                    throw Unreachable(e);
                retryAfter = null;
            }

            await PauseAsync(tries, retryAfter, cancellationToken);
        }
    }

    public Task PauseAsync(int tries, TimeSpan? retryAfter, CancellationToken cancellationToken)
    {
        var doubled = options.BaseDelay * Math.Pow(2, Math.Min(tries - 1, 30));
        // Many clients lose the same grid at the same moment; without a random part they would all come back together.
        var jittered = doubled * (0.5 + RandomNumberGenerator.GetInt32(501) / 1000.0);
        var pause = retryAfter ?? jittered;
        return Task.Delay(pause < options.MaxDelay ? pause : options.MaxDelay, options.TimeProvider, cancellationToken);
    }

    public GridUnreachableException Unreachable(Exception? cause) => new(
        cause is OperationCanceledException
            ? $"The grid at {Address} did not answer in time."
            : cause is null or HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused } }
                ? $"No grid answers at {Address}."
                : $"No grid answers at {Address}: {cause.Message.TrimEnd('.')}.",
        cause);

    public static bool IsBroken(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static async Task<JobGridException> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.OrdinalIgnoreCase) == true)
        {
            try
            {
                using var document = JsonDocument.Parse(body);
                if (document.RootElement.ValueKind == JsonValueKind.Object)
                    return new JobGridException(ProblemDetails.Read(document.RootElement, status));
            }
            catch (JsonException e)
            {
                return new JobGridException($"The answer {status} came with malformed JSON: {e.Message}", e);
            }
        }

        var title = $"{status} {response.ReasonPhrase}".TrimEnd();
        return new JobGridException(new ProblemDetails(status, title, null, [], new Dictionary<string, JsonElement>()));
    }
}
