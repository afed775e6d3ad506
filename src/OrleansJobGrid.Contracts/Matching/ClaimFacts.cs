namespace OrleansJobGrid.Contracts.Matching;

/// <summary>What is true of a worker at the moment of a claim, beside what it can do.</summary>
[GenerateSerializer, Immutable, Alias("jobgrid.ClaimFacts")]
public sealed record ClaimFacts
{
    public static ClaimFacts None { get; } = new();

    /// <summary>GPU memory that is free now, less what jobs granted already will take; MB of 1,048,576 bytes. Null: no GPU, or not known.</summary>
    [Id(0)] public long? FreeGpuMemoryMb { get; init; }

    /// <summary>All memory of the worker's GPU, MB.</summary>
    [Id(1)] public long? TotalGpuMemoryMb { get; init; }

    /// <summary>Customers of the jobs that it holds, each once; a job without a customer counts as the empty name.</summary>
    [Id(2)] public IReadOnlyList<string> Customers { get; init; } = [];

    /// <summary>Models that its services have loaded now.</summary>
    [Id(3)] public IReadOnlyList<string> LoadedModels { get; init; } = [];

    /// <summary>Jobs that it holds.</summary>
    [Id(4)] public int Held { get; init; }
}
