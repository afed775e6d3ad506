using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace OrleansJobGrid.Grains.Workers;

/// <summary>A worker that stands for a GPU lives on a silo of that GPU's machine or nowhere; any other near its caller.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
internal sealed class DevicePlacement : PlacementStrategy
{
    internal static DevicePlacement Instance { get; } = new();
}

/// <inheritdoc cref="DevicePlacement"/>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class DevicePlacementAttribute() : PlacementAttribute(DevicePlacement.Instance);

/// <summary>The GPUs of this silo's machine.</summary>
internal sealed class LocalDevices(IReadOnlyList<string> uuids)
{
    /// <summary>Under this name other silos find them in the silo's metadata.</summary>
    public const string MetadataKey = "jobgrid.gpus";

    public bool Has(string uuid) => uuids.Contains(uuid, StringComparer.Ordinal);

    /// <summary>The GPU that a worker's id names, such as <c>node:GPU-…</c>; null: it stands for none.</summary>
    public static string? OfWorker(string workerId)
    {
        var uuid = workerId[(workerId.LastIndexOf(':') + 1)..];
        return uuid.Length < workerId.Length && (uuid.StartsWith("GPU-", StringComparison.Ordinal) || uuid.StartsWith("MIG-", StringComparison.Ordinal)) ? uuid : null;
    }
}

/// <summary>Looks at the candidates only, never at the caller, and never falls back to a silo without the device.</summary>
internal sealed class DevicePlacementDirector(LocalDevices local, ISiloMetadataCache metadata) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var compatible = context.GetCompatibleSilos(target);
        var worker = target.GrainIdentity.Key.ToString()!;
        var isHere = compatible.Contains(context.LocalSilo);
        if (LocalDevices.OfWorker(worker) is not { } uuid)
            return Task.FromResult(isHere ? context.LocalSilo : compatible[(int)(target.GrainIdentity.GetUniformHashCode() % (uint)compatible.Length)]);
        if (isHere && local.Has(uuid))
            return Task.FromResult(context.LocalSilo);
        return Array.Find(compatible, s => Names(s).Contains(uuid, StringComparer.Ordinal)) is { } silo
            ? Task.FromResult(silo)
            : throw new OrleansException($"No silo of the cluster has the GPU {uuid} of worker '{worker}': its machine is away, or joined a moment ago.");
    }

    private string[] Names(SiloAddress silo) =>
        metadata.GetSiloMetadata(silo).Metadata.TryGetValue(LocalDevices.MetadataKey, out var names) ? names.Split(',') : [];
}
