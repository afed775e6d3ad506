using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>
/// What a worker can do, beside the services that it offers at a moment. Made from its configuration and from what its machine
/// was measured to be; kept and sent as <see cref="Text"/>.
/// </summary>
public sealed record WorkerCapabilities
{
    /// <summary>Stands for every model, node, component or workflow.</summary>
    public const string All = "all";

    public static WorkerCapabilities None { get; } = new();

    /// <summary>Components that it has, or <c>["all"]</c>; null: all.</summary>
    public IReadOnlyList<string>? Components { get; init; }

    /// <summary>Workflows that it serves, or <c>["all"]</c>; null: all.</summary>
    public IReadOnlyList<string>? Workflows { get; init; }

    /// <summary>Models by service; <c>*</c> is every service, and a list of <c>["all"]</c> every model. Null: none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Models { get; init; }

    /// <summary>Custom nodes, or <c>["all"]</c>; null: none.</summary>
    public IReadOnlyList<string>? CustomNodes { get; init; }

    public HardwareCapabilities? Hardware { get; init; }
    public CustomerAccess? CustomerAccess { get; init; }
    public string? Region { get; init; }
    public string? Country { get; init; }
    public IReadOnlyList<string>? ComplianceZones { get; init; }

    /// <summary>Where data that it works on is guaranteed to stay.</summary>
    public IReadOnlyList<string>? DataResidency { get; init; }

    /// <summary>Levels of quality that it offers; null: all.</summary>
    public IReadOnlyList<string>? QualityLevels { get; init; }

    /// <summary><c>economy</c>, <c>standard</c> (default) or <c>premium</c>.</summary>
    public string? CostTier { get; init; }
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Runtime classes that it takes; null: all, and jobs without one.</summary>
    public IReadOnlyList<string>? RuntimeClasses { get; init; }

    /// <summary>Anything else, for <c>positive_requirements</c> and <c>negative_requirements</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Attributes { get; init; }

    /// <summary>What it asks of jobs.</summary>
    public WorkerRequires? Requires { get; init; }

    /// <summary>The canonical text: JSON in snake_case, absent fields left out.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Text => JsonSerializer.Serialize(this, MatchingJson.Default.WorkerCapabilities);

    /// <summary>Reads a text back.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static WorkerCapabilities Parse(string? text) =>
        string.IsNullOrEmpty(text) ? None : JsonSerializer.Deserialize(text, MatchingJson.Default.WorkerCapabilities) ?? None;
}

/// <summary>The worker's machine. Memory of a GPU in MB of 1,048,576 bytes, as drivers count; RAM and disk in GB of 10^9 bytes.</summary>
public sealed record HardwareCapabilities
{
    /// <summary>Memory of the worker's GPU (of the smallest, where it has several); 0 or absent: none.</summary>
    public long? GpuMemoryMb { get; init; }
    public int? GpuCount { get; init; }
    public string? GpuModel { get; init; }
    public string? GpuArchitecture { get; init; }
    public int? CpuCores { get; init; }
    public double? RamGb { get; init; }
    public double? DiskGb { get; init; }
}

/// <summary>Whose jobs a worker takes.</summary>
public sealed record CustomerAccess
{
    /// <summary><c>strict</c>: one customer at a time; <c>loose</c>: several, kept apart; absent: several.</summary>
    public string? Isolation { get; init; }

    /// <summary>Only these; null: all.</summary>
    public IReadOnlyList<string>? AllowedCustomers { get; init; }

    /// <summary>Not these.</summary>
    public IReadOnlyList<string>? DeniedCustomers { get; init; }

    /// <summary>Most customers at the same time; null: no limit. Under <c>strict</c> it is 1.</summary>
    public int? MaxConcurrentCustomers { get; init; }
}

/// <summary>
/// What a worker asks of a job: compared with the job's own facts (its requirements' fields, <c>service</c>, <c>customer_id</c> is not
/// among them) as a job's are with the worker's.
/// </summary>
public sealed record WorkerRequires
{
    public IReadOnlyDictionary<string, JsonElement>? PositiveRequirements { get; init; }
    public IReadOnlyDictionary<string, JsonElement>? NegativeRequirements { get; init; }
}
