using OrleansJobGrid.Contracts.Workers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>Where connectors come from that are not this program's own, by service.</summary>
public sealed record ConnectorOrigins(IReadOnlyDictionary<string, ConnectorProfile> ByService);
