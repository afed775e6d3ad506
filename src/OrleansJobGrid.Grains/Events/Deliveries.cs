using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Outbound;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Events;

/// <summary>Why a delivery failed.</summary>
/// <param name="Reason">For a person.</param>
/// <param name="Refused">The receiver took it and would not have it; else it could not be reached, or asked for patience.</param>
internal sealed record DeliveryFault(string Reason, bool Refused);

/// <summary>
/// Delivers events outside. Posts carry <c>{"subscription", "events": […]}</c> and are signed as Standard Webhooks 1.0.0 says
/// (https://github.com/standard-webhooks/standard-webhooks): <c>webhook-id</c>, <c>webhook-timestamp</c>, <c>webhook-signature</c>.
/// </summary>
internal sealed class Deliveries(IJobStore store, IOptions<JobGridOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>What secrets begin with.</summary>
    public const string SecretPrefix = "whsec_";

    private const int ShownBytes = 500;

    private readonly EventOptions _options = options.Value.Events;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Delivers; null: it is delivered.</summary>
    public Task<DeliveryFault?> Deliver(string name, SubscriptionRecord subscription, IReadOnlyList<EventDocument> events) =>
        subscription.Deliver switch
        {
            DeliveryKinds.Http => Post(name, subscription, events),
            DeliveryKinds.RedisStream => Append(name, subscription, events),
            // It was changed after they were given up.
            _ => Task.FromResult<DeliveryFault?>(new("The subscription is a feed now and reads its events itself: discard these, or change it back.", Refused: false)),
        };

    public void Dispose() => _http.Dispose();

    private async Task<DeliveryFault?> Post(string name, SubscriptionRecord subscription, IReadOnlyList<EventDocument> events)
    {
        if (AllowedAddress.Check(subscription.Url!, _options.Allow, "JobGrid:Events:Allow", out var refused) is not { } address)
            return new(refused!, Refused: false);
        var shown = $"POST {AllowedAddress.Shown(address)}";
        using var limit = new CancellationTokenSource(_options.CallTimeout, time);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Body(name, events)) };
            message.Content.Headers.ContentType = new("application/json");
            // The same id is the same content: a repetition may have more events than the delivery whose answer was lost.
            await Sign(message, subscription.Secret!, events.Count == 1 ? events[0].Id : $"{events[0].Id}~{events[^1].Id}", limit.Token);
            using var answer = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (answer.IsSuccessStatusCode)
                return null;
            var status = (int)answer.StatusCode;
            return new($"{shown} answered {status}: {await Said(answer.Content, limit.Token)}", Refused: status is not (408 or 425 or 429 or 502 or 503 or 504));
        }
        catch (OperationCanceledException)
        {
            return new($"{shown} was not answered within {_options.CallTimeout}.", Refused: false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new($"{shown}: {e.Message}", Refused: false);
        }
    }

    private async Task<DeliveryFault?> Append(string name, SubscriptionRecord subscription, IReadOnlyList<EventDocument> events)
    {
        if (store is not IEventStreams streams)
            return new($"The store is {store.Description.Kind}, which has no streams.", Refused: false);
        try
        {
            await streams.AppendAsync(
                name,
                [.. events.Select(e => (IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>>)
                [
                    new("id", Encoding.UTF8.GetBytes(e.Id)), new("type", Encoding.UTF8.GetBytes(e.Type)), new("event", e.Utf8),
                ])],
                subscription.StreamLength,
                CancellationToken.None);
            return null;
        }
        catch (JobStoreException e)
        {
            return new(e.Message, Refused: false);
        }
    }

    private static byte[] Body(string name, IReadOnlyList<EventDocument> events)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        body.Write(Encoding.UTF8.GetBytes($"{{\"subscription\":\"{name}\",\"events\":["));
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0)
                body.Write(","u8);
            body.Write(events[i].Utf8);
        }

        body.Write("]}"u8);
        return body.WrittenSpan.ToArray();
    }

    // The signature is of the bytes "id.timestamp.body", under the secret's base64 behind its prefix.
    private async Task Sign(HttpRequestMessage message, string secret, string id, CancellationToken cancellationToken)
    {
        var body = await message.Content!.ReadAsByteArrayAsync(cancellationToken);
        var at = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var hmac = new HMACSHA256(Convert.FromBase64String(secret[SecretPrefix.Length..]));
        var signature = hmac.ComputeHash([.. Encoding.UTF8.GetBytes($"{id}.{at}."), .. body]);
        message.Headers.TryAddWithoutValidation("webhook-id", id);
        message.Headers.TryAddWithoutValidation("webhook-timestamp", at);
        message.Headers.TryAddWithoutValidation("webhook-signature", "v1," + Convert.ToBase64String(signature));
    }

    private static async Task<string> Said(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[ShownBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
