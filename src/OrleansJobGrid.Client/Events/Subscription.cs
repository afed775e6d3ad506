using System.Text.Json;

namespace OrleansJobGrid.Client;

/// <summary>A subscription to events.</summary>
public sealed record Subscription
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary><c>feed</c>, <c>http</c> or <c>redis-stream</c>.</summary>
    public required string Deliver { get; init; }

    /// <summary>Where its events are posted.</summary>
    public string? Url { get; init; }

    /// <summary>The key of its stream in the store's Redis.</summary>
    public string? Stream { get; init; }

    /// <summary>Types that it takes; empty: all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Everything up to here is delivered.</summary>
    public required string Position { get; init; }

    /// <summary>Writes with events that lie before it.</summary>
    public long Pending { get; init; }

    /// <summary>How long the oldest of them has been waiting, seconds.</summary>
    public double LagSeconds { get; init; }

    /// <summary>Why the last delivery failed; null: it did not.</summary>
    public string? Fault { get; init; }

    /// <summary>Writes whose events were given up.</summary>
    public int DeadLetters { get; init; }
}

/// <summary>What a subscription is to be.</summary>
/// <param name="Deliver"><c>feed</c>, <c>http</c> or <c>redis-stream</c>.</param>
/// <param name="Url">Where events are posted; only with <c>http</c>.</param>
/// <param name="Types">Such as <c>job.completed</c> or <c>saga.*</c>; null: all.</param>
/// <param name="From">Where a new one begins: <c>now</c> or <c>oldest</c>; null: now.</param>
/// <param name="StreamLength">About how many entries its stream keeps; only with <c>redis-stream</c>. Null: 100,000.</param>
public sealed record SubscriptionSpec(string Deliver, string? Url = null, IReadOnlyList<string>? Types = null, string? From = null, long? StreamLength = null);

/// <summary>A subscription, and the secret that signs its posts, told once.</summary>
public sealed record SubscriptionAnswer(Subscription Subscription, string? Secret);

/// <summary>All subscriptions.</summary>
public sealed record SubscriptionList(IReadOnlyList<Subscription> Subscriptions);

/// <summary>A page of events, and the position behind the last of them.</summary>
/// <param name="Events">Each with <c>id</c>, <c>type</c>, <c>at</c> and what its type has.</param>
/// <param name="Position">Where the next page begins.</param>
public sealed record EventPage(IReadOnlyList<JsonElement> Events, string Position);

/// <summary>Events of one write that could not be delivered.</summary>
public sealed record DeadEvent(string Key, DateTimeOffset At, int Tries, string Reason, IReadOnlyList<JsonElement> Events);

/// <summary>Dead letters of a subscription, oldest first.</summary>
public sealed record DeadEventList(IReadOnlyList<DeadEvent> DeadLetters);

/// <summary>What became of dead letters.</summary>
public sealed record DeadEventControl(int Done, int Left, string Message);

/// <summary>That a subscription has ended.</summary>
public sealed record SubscriptionGone(string Name, string Message);

internal sealed record PositionBody(string Position);

internal sealed record DeadEventKeyBody(string? Key);
