using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>A worker as registered: kept when its session ends, until it leaves, is forgotten by command, or was not heard of for long.</summary>
public sealed record Registration
{
    /// <summary>The collection of the store's documents; the key is the worker's id.</summary>
    public const string Collection = "workers";

    public required string Node { get; init; }
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Queues that it claims from; empty: all.</summary>
    public IReadOnlyList<string> Queues { get; init; } = [];
    public IReadOnlyList<InstanceProfile> Instances { get; init; } = [];
    public required int Slots { get; init; }

    /// <summary>What it can do, as its text; null: nothing declared beside its services.</summary>
    public string? Capabilities { get; init; }
    public required string Version { get; init; }

    /// <summary>Unix ms, to a minute.</summary>
    public required long LastSeenAt { get; init; }

    /// <summary>It is to claim no more; kept also while it is away.</summary>
    public DrainWish? Drain { get; init; }

    /// <summary>What a worker says of itself, with what others said of it kept.</summary>
    public static Registration Of(WorkerProfile profile, Registration? before, long clock) => new()
    {
        Node = profile.Node,
        Services = profile.Services,
        Queues = profile.Queues,
        Instances = profile.Instances,
        Slots = profile.Slots,
        Capabilities = profile.Capabilities,
        Version = profile.Version,
        LastSeenAt = clock,
        Drain = before?.Drain,
    };

    /// <summary>Whether it says the same of the worker, whenever it was seen.</summary>
    public bool SameAs(Registration other) => (this with { LastSeenAt = 0 }).Write().Span.SequenceEqual((other with { LastSeenAt = 0 }).Write().Span);

    public ReadOnlyMemory<byte> Write() => JsonSerializer.SerializeToUtf8Bytes(this, RegistrationJson.Default.Registration);

    public static Registration Read(ReadOnlyMemory<byte> body)
    {
        var read = JsonSerializer.Deserialize(body.Span, RegistrationJson.Default.Registration)!;
        return read with { Instances = read.Instances ?? [], Queues = read.Queues ?? [] };
    }
}

/// <summary>An operator's word that a worker is to drain.</summary>
/// <param name="Id">Random.</param>
/// <param name="Until">When its jobs are handed on, Unix ms of the store's clock; null: when they end.</param>
/// <param name="Reason">Why.</param>
public sealed record DrainWish(Guid Id, long? Until, string Reason)
{
    /// <summary>The order to the worker, from a moment on.</summary>
    public DrainOrder OrderAt(long clock) => new(Id, Until is { } until ? Math.Max(0, until - clock) : null, Reason);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Registration))]
internal sealed partial class RegistrationJson : JsonSerializerContext;
