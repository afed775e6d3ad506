namespace OrleansJobGrid.Connectors;

/// <summary>Where models are loaded for a worker.</summary>
/// <param name="Worker">The worker's id.</param>
/// <param name="Gpu">Uuid of its GPU; null: a CPU worker.</param>
/// <param name="Instances">The connector's instances that it uses; none where the work is in its own process.</param>
public sealed record ModelPlace(string Worker, string? Gpu, IReadOnlyList<string> Instances);
