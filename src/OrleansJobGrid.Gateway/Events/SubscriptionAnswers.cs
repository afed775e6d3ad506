using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Events;

/// <summary>
/// A subscription; <c>position</c>: everything up to there is delivered; <c>pending</c>: writes with events that lie before it, the oldest of which
/// has been waiting for <c>lag_seconds</c>.
/// </summary>
internal sealed record SubscriptionDocument(
    string Name, string Deliver, string? Url, string? Stream, IReadOnlyList<string> Types, IsoTime CreatedAt, string Position, long Pending, double LagSeconds, string? Fault, int DeadLetters)
{
    public static SubscriptionDocument Of(SubscriptionView s) =>
        new(s.Name, s.Deliver, s.Url, s.Stream, s.Types, new(s.CreatedAt), s.Position, s.Pending, s.LagMs / 1000.0, s.Fault, s.DeadLetters);
}

/// <summary>What a subscription is to be; <c>url</c> with <c>http</c>, <c>stream_length</c> with <c>redis-stream</c>.</summary>
internal sealed record SubscriptionSpecDocument(string Deliver, string? Url, IReadOnlyList<string>? Types, string? From, long? StreamLength);

/// <summary>A subscription; the secret that signs its posts is told once, when it is made.</summary>
internal sealed record SubscriptionAnswerDocument(bool Success, SubscriptionDocument Subscription, string? Secret, IsoTime Timestamp);

/// <summary>All subscriptions.</summary>
internal sealed record SubscriptionListAnswer(bool Success, IReadOnlyList<SubscriptionDocument> Subscriptions, string? NextCursor, IsoTime Timestamp);

/// <summary>A page of events; <c>position</c> is that behind the last of them.</summary>
internal sealed record EventPageAnswer(bool Success, IReadOnlyList<RawJson> Events, string Position, IsoTime Timestamp);

/// <summary>Where a subscription is to go on.</summary>
internal sealed record PositionDocument(string Position);

/// <summary>Which dead letter is meant; none: all.</summary>
internal sealed record DeadEventKeyDocument(string? Key);

/// <summary>Events that could not be delivered.</summary>
internal sealed record DeadEventListAnswer(bool Success, IReadOnlyList<DeadEventDocument> DeadLetters, string? NextCursor, IsoTime Timestamp);

/// <summary>The events of one write, given up.</summary>
internal sealed record DeadEventDocument(string Key, IsoTime At, int Tries, string Reason, IReadOnlyList<RawJson> Events)
{
    public static DeadEventDocument Of(DeadEvent d) => new(d.Key, new(d.At), d.Tries, d.Reason, [.. d.Events.Select(e => new RawJson(e, true))]);
}

/// <summary>What became of dead letters.</summary>
internal sealed record DeadEventControlAnswer(bool Success, int Done, int Left, string Message, IsoTime Timestamp);

/// <summary>That something is gone.</summary>
internal sealed record SubscriptionGoneAnswer(bool Success, string Name, string Message, IsoTime Timestamp);
