using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>What the grid keeps beside a session's lease.</summary>
public sealed record SessionBody
{
    public required string Node { get; init; }
    public required string Process { get; init; }
    public required IReadOnlyList<string> Services { get; init; }
    public IReadOnlyList<string> Queues { get; init; } = [];
    public required int Slots { get; init; }
    public required long StartedAt { get; init; }
    public required string Version { get; init; }
    public long LingerMs { get; init; }
    public bool Draining { get; init; }
    public IReadOnlyList<string> DeclaredServices { get; init; } = [];
    public IReadOnlyList<InstanceProfile> Instances { get; init; } = [];
    public IReadOnlyDictionary<string, BreakerView> Breakers { get; init; } = new Dictionary<string, BreakerView>();
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>Names the capabilities, which stand in the worker's registration.</summary>
    public string CapabilitiesKey { get; init; } = "";
    public GpuView? Gpu { get; init; }
    public IReadOnlyList<string> LoadedModels { get; init; } = [];
    public long ModelLoads { get; init; }
    public IReadOnlyList<ConnectorProfile> Connectors { get; init; } = [];
    public IReadOnlyDictionary<string, InstanceHealth> Health { get; init; } = new Dictionary<string, InstanceHealth>();

    /// <summary>What keeps it from all work, though it lives; null: nothing does.</summary>
    [JsonIgnore]
    public string? Outage => Gpu is { Gone: true } gpu ? gpu.Fault ?? "nobody says why" : null;

    /// <summary>Whether it claims jobs.</summary>
    [JsonIgnore]
    public bool Claims => !Draining && Outage is null;

    /// <summary>What keeps it from a service that it does itself; null: nothing does. Its breaker has the service's name, which no instance outside has.</summary>
    public BreakerView? BreakerOf(string service) => Breakers.GetValueOrDefault(service);

    /// <summary>Whether it claims for an instance: it was asked what it can do, and its breaker is closed.</summary>
    public bool Uses(string instance) => !Breakers.ContainsKey(instance) && Health.GetValueOrDefault(instance)?.State != InstanceHealth.Unproved;

    /// <summary>Names of the instances that it claims for.</summary>
    [JsonIgnore]
    public IEnumerable<string> UsedInstances => Instances.Select(i => i.Instance).Where(Uses);

    public static SessionBody Of(Heartbeat heartbeat) => new()
    {
        Node = heartbeat.Profile.Node,
        Process = heartbeat.Profile.Process,
        Services = heartbeat.Profile.Services,
        Queues = heartbeat.Profile.Queues,
        Slots = heartbeat.Profile.Slots,
        StartedAt = heartbeat.Profile.StartedAt,
        Version = heartbeat.Profile.Version,
        LingerMs = heartbeat.Profile.LingerMs,
        Draining = heartbeat.Draining,
        DeclaredServices = heartbeat.Profile.DeclaredServices,
        Instances = heartbeat.Profile.Instances,
        Breakers = heartbeat.Breakers,
        Jobs = [.. heartbeat.Held.Select(h => h.JobId)],
        CapabilitiesKey = Contracts.Matching.CapabilitiesKey.Of(heartbeat.Profile.Capabilities),
        Gpu = heartbeat.Gpu,
        LoadedModels = heartbeat.LoadedModels,
        ModelLoads = heartbeat.ModelLoads,
        Connectors = heartbeat.Profile.Connectors,
        Health = heartbeat.Health,
    };

    public ReadOnlyMemory<byte> Write() => JsonSerializer.SerializeToUtf8Bytes(this, SessionBodyJson.Default.SessionBody);

    /// <summary>Reads what can be read; else says why not.</summary>
    public static Exception? TryRead(SessionRecord session, out SessionBody body)
    {
        try
        {
            body = Read(session);
            return null;
        }
        catch (Exception e) when (e is JsonException or StoreDamagedException)
        {
            body = null!;
            return e;
        }
    }

    /// <summary>Reads it; what a worker of an older version did not say is empty.</summary>
    public static SessionBody Read(SessionRecord session)
    {
        var body = JsonSerializer.Deserialize(session.Body.Span, SessionBodyJson.Default.SessionBody)
            ?? throw new StoreDamagedException($"The record of session '{session.Id}' is empty.");
        return body with
        {
            CapabilitiesKey = body.CapabilitiesKey ?? "",
            LoadedModels = body.LoadedModels ?? [],
            Connectors = body.Connectors ?? [],
            Health = body.Health ?? new Dictionary<string, InstanceHealth>(),
        };
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SessionBody))]
internal sealed partial class SessionBodyJson : JsonSerializerContext;
