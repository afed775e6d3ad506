namespace OrleansJobGrid.TestService.ComfyUi;

/// <summary>What differs between versions of ComfyUI, as observed on real servers.</summary>
public sealed record ComfyEdition
{
    /// <summary>December 2023.</summary>
    public static ComfyEdition Old { get; } = new() { Name = "2023-12" };

    /// <summary>October 2024.</summary>
    public static ComfyEdition Mid { get; } = Old with
    {
        Name = "2024-10",
        Version = "unknown",
        HasStatus = true,
        TellsSuccess = true,
        TellsCachedOutputs = true,
        SameBytesSameName = true,
        HasFree = true,
        HasApiPrefix = true,
    };

    /// <summary>0.3.64, October 2025.</summary>
    public static ComfyEdition V0364 { get; } = Mid with
    {
        Name = "0.3.64",
        Version = "0.3.64",
        TakesIds = true,
        InterruptsById = true,
        HasProgressState = true,
        ErrorObjects = true,
        HasFeatures = true,
    };

    /// <summary>0.27, summer of 2026.</summary>
    public static ComfyEdition V027 { get; } = V0364 with { Name = "0.27.0", Version = "0.27.0", StrictIds = true, NamesMissingNodes = true, HasJobs = true };

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ComfyEdition> All { get; } = [Old, Mid, V0364, V027];

    /// <summary>As it is called here.</summary>
    public required string Name { get; init; }

    /// <summary>What <c>/system_stats</c> says; null: nothing.</summary>
    public string? Version { get; init; }

    /// <summary>History entries have a status.</summary>
    public bool HasStatus { get; init; }

    /// <summary><c>execution_success</c> is sent, and messages have timestamps.</summary>
    public bool TellsSuccess { get; init; }

    /// <summary>Outputs from the cache are sent again.</summary>
    public bool TellsCachedOutputs { get; init; }

    /// <summary>An upload of the same bytes keeps its name.</summary>
    public bool SameBytesSameName { get; init; }

    /// <summary><c>POST /free</c>.</summary>
    public bool HasFree { get; init; }

    /// <summary>Routes are also under <c>/api</c>.</summary>
    public bool HasApiPrefix { get; init; }

    /// <summary>A prompt's id is taken as it is given.</summary>
    public bool TakesIds { get; init; }

    /// <summary>Ids have to be lowercase UUIDs.</summary>
    public bool StrictIds { get; init; }

    /// <summary>An interrupt names its prompt.</summary>
    public bool InterruptsById { get; init; }

    /// <summary><c>progress_state</c> is sent, also to the client of the prompt before where this one has none.</summary>
    public bool HasProgressState { get; init; }

    /// <summary>Errors are objects also where there is no prompt, and no errors of nodes are an object.</summary>
    public bool ErrorObjects { get; init; }

    /// <summary>Errors say <c>missing_node_type</c>.</summary>
    public bool NamesMissingNodes { get; init; }

    /// <summary><c>GET /features</c>.</summary>
    public bool HasFeatures { get; init; }

    /// <summary><c>/api/jobs</c> and its cancel.</summary>
    public bool HasJobs { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
