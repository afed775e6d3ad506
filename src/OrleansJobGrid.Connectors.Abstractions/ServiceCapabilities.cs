namespace OrleansJobGrid.Connectors;

/// <summary>What the grid may ask of a service outside.</summary>
[Flags]
public enum ServiceCapabilities
{
    /// <summary>Nothing: work lives and dies with the request that began it.</summary>
    None = 0,

    /// <summary>It tells what became of a submission, to whoever asks by its mark or id.</summary>
    StatusQuery = 1,

    /// <summary>It stops work, whether it waits or runs, and confirms that it did.</summary>
    Cancel = 2,

    /// <summary>Another worker can go on with work that runs there, and fetch its outputs.</summary>
    Attach = 4,

    /// <summary>It tells how far work is.</summary>
    Progress = 8,

    /// <summary>It shows unfinished pictures.</summary>
    Previews = 16,

    /// <summary>It tells what waits and what runs there, others' work included.</summary>
    QueueIntrospection = 32,

    /// <summary>It names the models that it has.</summary>
    ModelList = 64,

    /// <summary>It drops its models when it is asked to.</summary>
    FreeMemory = 128,
}

/// <summary>What an instance was found to be.</summary>
/// <param name="Capabilities">What it can do. Never more than its connector states.</param>
/// <param name="Proved">Whether it was asked; false: it cannot be, and this is what its settings say.</param>
public sealed record InstanceProof(ServiceCapabilities Capabilities, bool Proved)
{
    /// <summary>What it says of its boot; null: it cannot tell.</summary>
    public string? BootMark { get; init; }

    /// <summary>The service's version, as it says it; null: it does not.</summary>
    public string? Version { get; init; }

    /// <summary>Models that it has, by the names that jobs use.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>Those among them that are loaded, as far as it tells.</summary>
    public IReadOnlyList<string> LoadedModels { get; init; } = [];
}
