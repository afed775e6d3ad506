using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>
/// What a job asks of its worker beside the service. Absent and empty fields ask for nothing. Made from a submitter's JSON by
/// <see cref="RequirementsReader"/>, which brings equal wishes into equal form; kept and sent as <see cref="Text"/>.
/// </summary>
public sealed record JobRequirements
{
    public static JobRequirements None { get; } = new();

    /// <summary>A component of the service that the worker must have, such as a ComfyUI workflow class.</summary>
    public string? Component { get; init; }

    /// <summary>The workflow that the worker must serve.</summary>
    public string? Workflow { get; init; }

    /// <summary>Models that the worker must have for the job's service, sorted, each once.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Custom nodes that the worker must have, sorted, each once.</summary>
    public IReadOnlyList<string>? CustomNodes { get; init; }

    public HardwareRequirements? Hardware { get; init; }

    /// <summary><c>strict</c>: a worker that serves one customer at a time; <c>loose</c>: one that keeps customers apart at least loosely; absent: any.</summary>
    public string? CustomerIsolation { get; init; }

    /// <summary>Where the worker must stand.</summary>
    public string? Region { get; init; }
    public string? Country { get; init; }

    /// <summary>Compliance zones that the worker must be in, all of them, sorted.</summary>
    public IReadOnlyList<string>? Compliance { get; init; }

    /// <summary>Where the data must stay: one of the places that the worker guarantees.</summary>
    public string? DataResidency { get; init; }

    /// <summary>One of the levels that the worker offers, such as <c>fast</c>, <c>balanced</c>, <c>quality</c>.</summary>
    public string? QualityLevel { get; init; }

    /// <summary>The dearest tier that will do: <c>economy</c>, <c>standard</c> or <c>premium</c>.</summary>
    public string? CostTier { get; init; }

    /// <summary>Labels that the worker must have, all of them, sorted.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>How long the job is expected to run: <c>fast</c>, <c>standard</c> or <c>heavy</c>. Workers may serve some classes only.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>What the submitter knows of the job's appetite.</summary>
    public EnvelopeRequirements? Envelope { get; init; }

    /// <summary>Facts that the worker must have, by dotted name: array: all of it; number: at least; object: per key; else equal.</summary>
    public IReadOnlyDictionary<string, JsonElement>? PositiveRequirements { get; init; }

    /// <summary>Facts that the worker must not have, by the same comparison; of an array none.</summary>
    public IReadOnlyDictionary<string, JsonElement>? NegativeRequirements { get; init; }

    /// <summary>The canonical text: JSON in snake_case, absent fields left out. <c>{}</c> asks for nothing.</summary>
    [JsonIgnore] public string Text => JsonSerializer.Serialize(this, MatchingJson.Default.JobRequirements);

    /// <summary>Reads a canonical text back.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JobRequirements Parse(string? text) =>
        string.IsNullOrEmpty(text) ? None : JsonSerializer.Deserialize(text, MatchingJson.Default.JobRequirements) ?? None;
}

/// <summary>The machine that a job needs. GB of 10^9 bytes, so that a card sold as 24 GB has 24.</summary>
public sealed record HardwareRequirements
{
    /// <summary>Memory of one GPU at least, GB, in steps of 0.5.</summary>
    public double? GpuMemoryGb { get; init; }

    /// <summary>GPUs at least.</summary>
    public int? GpuCount { get; init; }

    /// <summary>Part of the GPU's name, compared without case, such as <c>RTX 4090</c>.</summary>
    public string? GpuModel { get; init; }

    /// <summary>Its architecture, such as <c>ada</c> or <c>hopper</c>.</summary>
    public string? GpuArchitecture { get; init; }
    public int? CpuCores { get; init; }
    public double? RamGb { get; init; }
    public double? DiskGb { get; init; }
}

/// <summary>What a job takes at most, as its submitter knows; else it is learned from runs before.</summary>
public sealed record EnvelopeRequirements
{
    /// <summary>GPU memory that must be free, GB of 10^9 bytes.</summary>
    public double? GpuMemoryGb { get; init; }

    /// <summary>Run time, seconds.</summary>
    public double? RuntimeSeconds { get; init; }
}
