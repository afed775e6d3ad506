using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Matching;

/// <summary>The job's side of a match: a signature taken apart.</summary>
public sealed class JobNeed
{
    private const double MegabytesOfGb = 1e9 / (1 << 20);
    private readonly Lazy<JsonObject> _facts;

    private JobNeed(Signature signature)
    {
        Service = signature.Service;
        Requirements = JobRequirements.Parse(signature.Needs);
        Size = signature.Size;
        FloorMb = signature.FloorMb;
        Excluded = signature.Excluded;
        EnvelopeMb = Requirements.Envelope?.GpuMemoryGb is { } gb ? MegabytesOf(gb) : null;
        LearningKey = string.Join('|', Service, string.Join(',', Requirements.Models ?? []), Size, Requirements.Component, Requirements.Workflow);
        _facts = new(Describe);
    }

    public string Service { get; }

    public JobRequirements Requirements { get; }

    /// <summary>Its size class, or null.</summary>
    public string? Size { get; }

    /// <summary>GPU memory that must be free since it ran out of less, MB; 0: any.</summary>
    public long FloorMb { get; }

    /// <summary>Targets of exclusions.</summary>
    public IReadOnlyList<string> Excluded { get; }

    /// <summary>GPU memory that the submitter says it needs, MB.</summary>
    public long? EnvelopeMb { get; }

    /// <summary>By this its run time and memory are learned: service, models, size, component and workflow.</summary>
    public string LearningKey { get; }

    /// <summary>Memory that the device must have in all, MB; 0: any.</summary>
    public long DeviceMb => Math.Max(Math.Max(EnvelopeMb ?? 0, FloorMb), Requirements.Hardware?.GpuMemoryGb is { } gb ? MegabytesOf(gb) : 0);

    /// <summary>What a worker's own requirements are compared with.</summary>
    public JsonObject Facts => _facts.Value;

    public static JobNeed Of(Signature signature) => new(signature);

    /// <summary>GB of 10^9 bytes as MB of 1,048,576 bytes, rounded down: a card sold as 24 GB has them.</summary>
    public static long MegabytesOf(double gb) => (long)(gb * MegabytesOfGb);

    private JsonObject Describe()
    {
        var facts = JsonSerializer.Deserialize<JsonObject>(Requirements.Text)!;
        facts["service"] = Service;
        if (Size is not null)
            facts["size"] = Size;
        return facts;
    }
}
