using Orleans.Concurrency;

namespace OrleansJobGrid.Contracts.Events;

/// <summary>Keeps the subscriptions to events, and with them the outbox: it is open while there is one. Its key is 0.</summary>
[Alias("jobgrid.ISubscriptionCatalogGrain"), GrainInterfaceType("jobgrid.subscriptions")]
public interface ISubscriptionCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>Makes a subscription, or changes where one delivers and what it takes; its place stays.</summary>
    [Alias("Put")] Task<SubscriptionAnswer> Put(SubscriptionSpec spec);

    /// <summary>Ends a subscription; its dead letters go with it. False: there is none of this name.</summary>
    [Alias("Delete")] Task<bool> Delete(string name);

    /// <summary>All subscriptions, by name.</summary>
    [AlwaysInterleave, Alias("List")] Task<IReadOnlyList<SubscriptionView>> List();

    /// <summary>Wakes deliveries and trims the outbox, unless a pass just ran. Every silo pokes it twice a second.</summary>
    [OneWay, Alias("Poke")] Task Poke();
}

/// <summary>One subscription, by name: delivers its events in order, shard by shard, each at least once.</summary>
[Alias("jobgrid.ISubscriptionGrain"), GrainInterfaceType("jobgrid.subscription")]
public interface ISubscriptionGrain : IGrainWithStringKey
{
    /// <summary>Its state now; null: there is no such subscription.</summary>
    [Alias("Get")] Task<SubscriptionView?> Get();

    /// <summary>Reads events, without moving the subscription.</summary>
    /// <param name="after">The position after which to begin; null: what is acknowledged.</param>
    /// <param name="limit">About so many events, 1 to 500.</param>
    /// <param name="wait">How long to wait where there are none.</param>
    /// <returns>Null: there is no such subscription.</returns>
    /// <exception cref="ArgumentException">The position is none of this grid.</exception>
    [Alias("Read")] Task<EventPage?> Read(string? after, int limit, TimeSpan wait);

    /// <summary>Moves the subscription to a position, forwards (everything to there is done) or back (it comes again, where it is kept).</summary>
    /// <param name="position">Of an event or a page, or <c>oldest</c> or <c>now</c>.</param>
    /// <returns>Null: there is no such subscription.</returns>
    /// <exception cref="ArgumentException">The position is none of this grid.</exception>
    [Alias("Move")] Task<SubscriptionView?> Move(string position);

    /// <summary>Events that could not be delivered, oldest first; null: there is no such subscription.</summary>
    [Alias("DeadLetters")] Task<IReadOnlyList<DeadEvent>?> DeadLetters();

    /// <summary>Tries dead letters again, all or one.</summary>
    [Alias("Redeliver")] Task<DeadEventsAnswer?> Redeliver(string? key);

    /// <summary>Drops dead letters, all or one.</summary>
    [Alias("Discard")] Task<DeadEventsAnswer?> Discard(string? key);

    /// <summary>Delivers what is new, if nothing is being delivered.</summary>
    [OneWay, Alias("Poke")] Task Poke();

    /// <summary>The subscription was made, changed or ended.</summary>
    [Alias("Changed")] Task Changed();
}

/// <summary>A subscription as asked for.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SubscriptionSpec")]
public sealed record SubscriptionSpec
{
    /// <summary>1 to 64 of <c>A-Za-z0-9._-</c>.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>One of <see cref="DeliveryKinds"/>.</summary>
    [Id(1)] public required string Deliver { get; init; }

    /// <summary>Where events are posted; only with <see cref="DeliveryKinds.Http"/>.</summary>
    [Id(2)] public string? Url { get; init; }

    /// <summary>Types wanted, such as <c>job.completed</c> or <c>saga.*</c>; empty: all.</summary>
    [Id(3)] public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Where a new one begins: <c>now</c> or <c>oldest</c>, the oldest event that other subscriptions keep.</summary>
    [Id(4)] public string From { get; init; } = "now";

    /// <summary>About how many entries its stream keeps; only with <see cref="DeliveryKinds.RedisStream"/>.</summary>
    [Id(5)] public long StreamLength { get; init; } = 100_000;
}

/// <summary>How a subscription's events come to it.</summary>
public static class DeliveryKinds
{
    /// <summary>It reads them, and says how far it came.</summary>
    public const string Feed = "feed";

    /// <summary>They are posted to an address.</summary>
    public const string Http = "http";

    /// <summary>They are appended to a stream of the store's Redis.</summary>
    public const string RedisStream = "redis-stream";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Feed, Http, RedisStream];
}

/// <summary>The answer to <see cref="ISubscriptionCatalogGrain.Put"/>.</summary>
/// <param name="Subscription">The subscription; null: it was refused.</param>
/// <param name="Created">Whether it is new.</param>
/// <param name="Secret">What its posts are signed with; told once, to whoever made it.</param>
/// <param name="Field">What was refused, by its field.</param>
/// <param name="Message">Why, and what to do.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.SubscriptionAnswer")]
public sealed record SubscriptionAnswer(
    [property: Id(0)] SubscriptionView? Subscription, [property: Id(1)] bool Created = false, [property: Id(2)] string? Secret = null, [property: Id(3)] string? Field = null, [property: Id(4)] string? Message = null);

/// <summary>A subscription as it is shown.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.SubscriptionView")]
public sealed record SubscriptionView
{
    [Id(0)] public required string Name { get; init; }
    [Id(1)] public required string Deliver { get; init; }
    [Id(2)] public string? Url { get; init; }

    /// <summary>The key of its stream.</summary>
    [Id(3)] public string? Stream { get; init; }
    [Id(4)] public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Unix ms.</summary>
    [Id(5)] public required long CreatedAt { get; init; }

    /// <summary>Everything up to here is delivered.</summary>
    [Id(6)] public required string Position { get; init; }

    /// <summary>Writes with events that lie before it, also of types that it does not take.</summary>
    [Id(7)] public required long Pending { get; init; }

    /// <summary>How long the oldest of them has been waiting, ms.</summary>
    [Id(8)] public required long LagMs { get; init; }

    /// <summary>Why the last delivery failed; null: it did not.</summary>
    [Id(9)] public string? Fault { get; init; }
    [Id(10)] public required int DeadLetters { get; init; }
}

/// <summary>A page of events.</summary>
/// <param name="Events">In the order of each job and saga.</param>
/// <param name="Position">Behind the last of them; where there is none, behind what was looked at.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.EventPage")]
public sealed record EventPage([property: Id(0)] IReadOnlyList<EventItem> Events, [property: Id(1)] string Position);

/// <summary>An event of a page.</summary>
/// <param name="Position">Behind it.</param>
/// <param name="Document">UTF-8 JSON.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.EventItem")]
public readonly record struct EventItem([property: Id(0)] string Position, [property: Id(1)] byte[] Document);

/// <summary>Events of one write that could not be delivered.</summary>
/// <param name="Key">Names it among the dead letters of its subscription.</param>
/// <param name="At">When it was given up, Unix ms.</param>
/// <param name="Tries">How often it was tried.</param>
/// <param name="Reason">What the last try met.</param>
/// <param name="Events">Each as UTF-8 JSON.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.DeadEvent")]
public sealed record DeadEvent(
    [property: Id(0)] string Key, [property: Id(1)] long At, [property: Id(2)] int Tries, [property: Id(3)] string Reason, [property: Id(4)] IReadOnlyList<byte[]> Events);

/// <summary>What became of dead letters.</summary>
/// <param name="Done">Delivered, or dropped.</param>
/// <param name="Left">Still there.</param>
/// <param name="Message">For a person.</param>
[GenerateSerializer, Immutable, Alias("jobgrid.DeadEventsAnswer")]
public sealed record DeadEventsAnswer([property: Id(0)] int Done, [property: Id(1)] int Left, [property: Id(2)] string Message);
