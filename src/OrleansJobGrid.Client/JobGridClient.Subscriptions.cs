using System.Globalization;
using System.Text.Json;

namespace OrleansJobGrid.Client;

public sealed partial class JobGridClient
{
    /// <summary>Makes a subscription to events, or changes where one delivers and what it takes.</summary>
    /// <exception cref="JobGridException">Status 400: something in it is not allowed.</exception>
    public Task<SubscriptionAnswer> PutSubscriptionAsync(string name, SubscriptionSpec subscription, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Put, PathOf(name), JsonSerializer.SerializeToUtf8Bytes(subscription, JobGridJson.Default.SubscriptionSpec), JobGridJson.Default.SubscriptionAnswer, cancellationToken);

    /// <summary>All subscriptions, by name.</summary>
    public async Task<IReadOnlyList<Subscription>> ListSubscriptionsAsync(CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync("api/subscriptions", JobGridJson.Default.SubscriptionList, cancellationToken)).Subscriptions;

    /// <summary>A subscription.</summary>
    /// <exception cref="JobGridException">Status 404: there is none of this name.</exception>
    public async Task<Subscription> GetSubscriptionAsync(string name, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync(PathOf(name), JobGridJson.Default.SubscriptionAnswer, cancellationToken)).Subscription;

    /// <summary>Ends a subscription; its dead letters go with it.</summary>
    /// <exception cref="JobGridException">Status 404: there is none of this name.</exception>
    public Task<SubscriptionGone> DeleteSubscriptionAsync(string name, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Delete, PathOf(name), null, JobGridJson.Default.SubscriptionGone, cancellationToken);

    /// <summary>Reads events of a subscription, without moving it.</summary>
    /// <param name="name">The subscription.</param>
    /// <param name="after">The position after which to begin; null: what is delivered.</param>
    /// <param name="limit">1 to 500.</param>
    /// <param name="wait">How long to wait where there are none, up to 20 s.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="JobGridException">Status 404: there is none of this name; 400: the position is none of this grid.</exception>
    public Task<EventPage> ReadEventsAsync(string name, string? after = null, int limit = 100, TimeSpan wait = default, CancellationToken cancellationToken = default)
    {
        var query = Query.Of(("after", after), ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("wait", wait.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)));
        return _transport.GetAsync($"{PathOf(name)}/events{query}", JobGridJson.Default.EventPage, cancellationToken);
    }

    /// <summary>Moves a subscription: forwards, and everything to there is done; or back, and it comes again where it is kept.</summary>
    /// <param name="name">The subscription.</param>
    /// <param name="position">Of an event or a page, or <c>oldest</c>, or <c>now</c>.</param>
    /// <param name="cancellationToken">Ends the call; whether it moved is then unknown.</param>
    /// <exception cref="JobGridException">Status 404: there is none of this name; 400: the position is none of this grid.</exception>
    public async Task<Subscription> MoveSubscriptionAsync(string name, string position, CancellationToken cancellationToken = default) => (await OperateAsync(
        HttpMethod.Post, PathOf(name) + "/position", JsonSerializer.SerializeToUtf8Bytes(new PositionBody(position), EnvelopeJson.Default.PositionBody), JobGridJson.Default.SubscriptionAnswer, cancellationToken)).Subscription;

    /// <summary>Events that could not be delivered to a subscription, oldest first.</summary>
    /// <exception cref="JobGridException">Status 404: there is none of this name.</exception>
    public async Task<IReadOnlyList<DeadEvent>> GetDeadEventsAsync(string name, CancellationToken cancellationToken = default) =>
        (await _transport.GetAsync(PathOf(name) + "/dead-letters", JobGridJson.Default.DeadEventList, cancellationToken)).DeadLetters;

    /// <summary>Delivers dead letters again, all or the one of this key.</summary>
    /// <exception cref="JobGridException">Status 404: there is no subscription of this name.</exception>
    public Task<DeadEventControl> RedeliverEventsAsync(string name, string? key = null, CancellationToken cancellationToken = default) => OperateAsync(
        HttpMethod.Post, PathOf(name) + "/dead-letters/redeliver", JsonSerializer.SerializeToUtf8Bytes(new DeadEventKeyBody(key), EnvelopeJson.Default.DeadEventKeyBody), JobGridJson.Default.DeadEventControl, cancellationToken);

    /// <summary>Drops dead letters, all or the one of this key.</summary>
    /// <exception cref="JobGridException">Status 404: there is no subscription of this name.</exception>
    public Task<DeadEventControl> DiscardEventsAsync(string name, string? key = null, CancellationToken cancellationToken = default) =>
        OperateAsync(HttpMethod.Delete, $"{PathOf(name)}/dead-letters{Query.Of(("key", key))}", null, JobGridJson.Default.DeadEventControl, cancellationToken);

    private static string PathOf(string subscription) => $"api/subscriptions/{Segment(subscription, nameof(subscription))}";
}
