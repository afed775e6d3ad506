using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Events;

/// <summary>A subscription as stored.</summary>
internal sealed record SubscriptionRecord(string Deliver, string? Url, IReadOnlyList<string> Types, long StreamLength, long CreatedAt, string? Secret)
{
    public static SubscriptionRecord Of(SubscriptionSpec spec, long createdAt, string? secret) => new(spec.Deliver, spec.Url, spec.Types, spec.StreamLength, createdAt, secret);
}

/// <summary>How far a subscription came, shard by shard.</summary>
internal sealed record SubscriptionCursor(long[] Numbers);

/// <summary>Events that could not be delivered, as stored.</summary>
internal sealed record DeadEventRecord(long At, int Tries, string Reason, IReadOnlyList<DeadEventBody> Events);

/// <summary>One of them.</summary>
internal sealed record DeadEventBody(string Id, string Type, long At, byte[] Utf8);

/// <summary>Where all of it lies: documents of the job store.</summary>
internal static class SubscriptionStore
{
    public const string Subscriptions = "subscriptions";
    public const string Cursors = "subscription-cursors";
    public const string Dead = "dead-events";

    /// <summary>How many dead letters a grid keeps: documents are read whole.</summary>
    public const int MostDead = 1_000;

    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)SubscriptionJson.Default.GetTypeInfo(typeof(T))!);

    /// <exception cref="StoreDamagedException">It is none of this or an earlier version.</exception>
    public static T Read<T>(StoredDocument document)
    {
        try
        {
            return (T)(JsonSerializer.Deserialize(document.Body.Span, typeof(T), SubscriptionJson.Default) ?? throw new JsonException("it is empty"));
        }
        catch (JsonException e)
        {
            throw new StoreDamagedException($"The stored {typeof(T).Name} '{document.Key}' cannot be read: {e.Message}", e);
        }
    }

    public static async Task<StoredDocument?> Find(this IJobStore store, string collection, string key) =>
        (await store.ReadDocumentsAsync(collection, CancellationToken.None)).FirstOrDefault(d => d.Key == key);

    /// <summary>The key of a dead letter of this subscription: its name first.</summary>
    public static string DeadKey(string name, string key) => $"{name}/{key}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SubscriptionRecord))]
[JsonSerializable(typeof(SubscriptionCursor))]
[JsonSerializable(typeof(DeadEventRecord))]
internal sealed partial class SubscriptionJson : JsonSerializerContext;
