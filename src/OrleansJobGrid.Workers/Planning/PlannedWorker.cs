using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>A worker that this process is to run.</summary>
internal sealed record PlannedWorker
{
    public required string Id { get; init; }

    public required int Slots { get; init; }

    /// <summary>Its other settings.</summary>
    public required WorkerOptions Options { get; init; }

    public required DeclaredCapabilities Capabilities { get; init; }

    /// <summary>Its GPU at the start; null: a CPU worker.</summary>
    public GpuReading? Gpu { get; init; }

    /// <summary>Services that it offers; empty: all.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>Instances that it uses; empty: all but <see cref="OthersInstances"/>.</summary>
    public IReadOnlyList<string> Instances { get; init; } = [];

    /// <summary>Instances that other workers of the process name as theirs.</summary>
    public IReadOnlyList<string> OthersInstances { get; init; } = [];

    /// <summary>Most customers whose jobs it may hold at the same time; null: no limit.</summary>
    public int? MaxCustomers => Capabilities.Value.CustomerAccess is not { } access ? null : access.Isolation == "strict" ? 1 : access.MaxConcurrentCustomers;

    /// <summary>Its part of a connector; null: it does not offer that service, or may use none of its instances.</summary>
    public IConnector? ShareOf(IConnector connector)
    {
        if (Services.Count > 0 && !Services.Contains(connector.Service))
            return null;
        if (connector is not IExternalConnector external)
            return connector;
        var own = external.Instances.Where(i => Instances.Count > 0 ? Instances.Contains(i.Id) : !OthersInstances.Contains(i.Id)).ToList();
        if (own.Count == external.Instances.Count)
            return connector;
        return own.Count == 0 ? null : new ConnectorShare(external, own);
    }
}
