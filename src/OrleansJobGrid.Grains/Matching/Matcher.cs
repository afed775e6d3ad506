using System.Globalization;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Grains.Matching;

/// <summary>A clause that fails: its name, and in words what the worker has and what is needed.</summary>
public readonly record struct ClauseFailure(string Clause, string Detail);

/// <summary>
/// Whether a worker can do a job: one predicate made of named clauses, of which all must hold. Pure. Whose job it is and what is free
/// at the moment are asked beside it, since they differ from claim to claim.
/// </summary>
public static class Matcher
{
    private const string DefaultRuntimeClass = "standard";
    private static readonly string[] CostTiers = ["economy", "standard", "premium"];

    /// <summary>The clauses, in the order in which they are asked.</summary>
    private static readonly (string Name, Func<JobNeed, WorkerMatch, string?> Fails)[] Clauses =
    [
        ("service", (n, w) => w.Offers(n.Service) ? null : $"does not offer the service {n.Service}"),
        ("excluded", (n, w) => w.HasInstanceBeside(n.Service, n.Excluded) ? null : "the job failed at all of its instances, and is kept away for a while"),
        ("component", (n, w) => HasOrAll(w.Capabilities.Components, n.Requirements.Component) ? null : $"lacks component {n.Requirements.Component}"),
        ("workflow", (n, w) => HasOrAll(w.Capabilities.Workflows, n.Requirements.Workflow) ? null : $"does not serve workflow {n.Requirements.Workflow}"),
        ("models", Models),
        ("custom_nodes", (n, w) => Lacks("custom node", n.Requirements.CustomNodes, w.Capabilities.CustomNodes)),
        ("gpu_memory", GpuMemory),
        ("gpu_count", (n, w) => AtLeast("GPUs", n.Requirements.Hardware?.GpuCount, w.Capabilities.Hardware?.GpuCount ?? (w.Capabilities.Hardware?.GpuMemoryMb > 0 ? 1 : 0))),
        ("gpu_model", GpuModel),
        ("gpu_architecture", (n, w) => SameWord("architecture", n.Requirements.Hardware?.GpuArchitecture, w.Capabilities.Hardware?.GpuArchitecture)),
        ("cpu_cores", (n, w) => AtLeast("cores", n.Requirements.Hardware?.CpuCores, w.Capabilities.Hardware?.CpuCores)),
        ("ram", (n, w) => AtLeast("GB of RAM", n.Requirements.Hardware?.RamGb, w.Capabilities.Hardware?.RamGb)),
        ("disk", (n, w) => AtLeast("GB of disk", n.Requirements.Hardware?.DiskGb, w.Capabilities.Hardware?.DiskGb)),
        ("region", (n, w) => SameWord("region", n.Requirements.Region, w.Capabilities.Region)),
        ("country", (n, w) => SameWord("country", n.Requirements.Country, w.Capabilities.Country)),
        ("compliance", (n, w) => Lacks("compliance zone", n.Requirements.Compliance, w.Capabilities.ComplianceZones)),
        ("data_residency", (n, w) => n.Requirements.DataResidency is not { } place || Contains(w.Capabilities.DataResidency, place)
            ? null : $"does not keep data in {place}"),
        ("quality_level", (n, w) => n.Requirements.QualityLevel is not { } level || w.Capabilities.QualityLevels is not { } levels || Contains(levels, level)
            ? null : $"does not offer quality level {level}"),
        ("cost_tier", CostTier),
        ("labels", (n, w) => Lacks("label", n.Requirements.Labels, w.Capabilities.Labels)),
        ("runtime_class", (n, w) => w.Capabilities.RuntimeClasses is not { } classes || Contains(classes, n.Requirements.RuntimeClass ?? DefaultRuntimeClass)
            ? null : $"takes no jobs of runtime class {n.Requirements.RuntimeClass ?? DefaultRuntimeClass}"),
        ("customer_isolation", Isolation),
        ("positive_requirements", (n, w) => n.Requirements.PositiveRequirements is { } asked ? FactComparison.Lacking(w.Facts(n.Service), asked) : null),
        ("negative_requirements", (n, w) => n.Requirements.NegativeRequirements is { } refused ? FactComparison.Unwanted(w.Facts(n.Service), refused) : null),
        ("worker_requirements", WorkerRequirements),
    ];

    /// <summary>The names of the clauses, in the order in which they are asked.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Clauses.Select(c => c.Name)];

    /// <summary>Whether all clauses hold.</summary>
    public static bool Matches(JobNeed need, WorkerMatch worker) => FirstFailure(need, worker) is null;

    /// <summary>The first clause that fails; null: all hold.</summary>
    public static ClauseFailure? FirstFailure(JobNeed need, WorkerMatch worker)
    {
        foreach (var (name, fails) in Clauses)
        {
            if (fails(need, worker) is { } detail)
                return new(name, detail);
        }

        return null;
    }

    /// <summary>All clauses that fail.</summary>
    public static IEnumerable<ClauseFailure> Failures(JobNeed need, WorkerMatch worker) =>
        Clauses.Select(c => (c.Name, Detail: c.Fails(need, worker))).Where(c => c.Detail is not null).Select(c => new ClauseFailure(c.Name, c.Detail!));

    /// <summary>Whether the job is kept from this very worker; asked apart, since workers that can do the same share a key.</summary>
    public static bool ExcludesWorker(JobNeed need, WorkerMatch worker) => need.Excluded.Count > 0 && need.Excluded.Contains(worker.Worker);

    private static string? Models(JobNeed need, WorkerMatch worker)
    {
        if (need.Requirements.Models is not { Count: > 0 } models)
            return null;
        var own = worker.Capabilities.Models?.GetValueOrDefault(need.Service) ?? [];
        var everywhere = worker.Capabilities.Models?.GetValueOrDefault("*") ?? [];
        var missing = models.Where(m => !HasAll(own) && !HasAll(everywhere) && !Contains(own, m) && !Contains(everywhere, m)).ToList();
        return missing.Count == 0 ? null : $"lacks model {string.Join(", ", missing)}";
    }

    private static string? GpuMemory(JobNeed need, WorkerMatch worker)
    {
        var needed = need.DeviceMb;
        var has = worker.Capabilities.Hardware?.GpuMemoryMb ?? 0;
        // An out-of-memory at a worker that does not tell its memory excludes that worker; a floor says nothing of it.
        if (needed <= has || (has == 0 && needed == need.FloorMb))
            return null;
        return has == 0 ? $"has no GPU known to it, {Gigabytes(needed, Math.Ceiling)} GB of GPU memory are needed" : $"has {Gigabytes(has, Math.Floor)} GB of the {Gigabytes(needed, Math.Ceiling)} GB of GPU memory needed";
    }

    private static string? GpuModel(JobNeed need, WorkerMatch worker) =>
        need.Requirements.Hardware?.GpuModel is not { } asked || worker.Capabilities.Hardware?.GpuModel?.Contains(asked, StringComparison.OrdinalIgnoreCase) == true
            ? null : $"has {worker.Capabilities.Hardware?.GpuModel ?? "no GPU"}, {asked} is needed";

    private static string? CostTier(JobNeed need, WorkerMatch worker)
    {
        if (need.Requirements.CostTier is not { } most)
            return null;
        var tier = worker.Capabilities.CostTier ?? "standard";
        return Array.IndexOf(CostTiers, tier) <= Array.IndexOf(CostTiers, most) ? null : $"is of cost tier {tier}, at most {most} is wanted";
    }

    private static string? Isolation(JobNeed need, WorkerMatch worker)
    {
        var has = worker.Capabilities.CustomerAccess?.Isolation;
        return need.Requirements.CustomerIsolation switch
        {
            "strict" when has != "strict" => "serves several customers at a time, strict isolation is needed",
            "loose" when has is not ("strict" or "loose") => "does not keep customers apart, loose isolation is needed",
            _ => null,
        };
    }

    private static string? WorkerRequirements(JobNeed need, WorkerMatch worker)
    {
        if (worker.Capabilities.Requires is not { } requires)
            return null;
        var failure = FactComparison.Lacking(need.Facts, requires.PositiveRequirements) ?? FactComparison.Unwanted(need.Facts, requires.NegativeRequirements);
        return failure is null ? null : $"asks of jobs: {failure}";
    }

    private static string? Lacks(string what, IReadOnlyList<string>? asked, IReadOnlyList<string>? has)
    {
        if (asked is not { Count: > 0 } || (has is not null && HasAll(has)))
            return null;
        var missing = asked.Where(a => !Contains(has, a)).ToList();
        return missing.Count == 0 ? null : $"lacks {what} {string.Join(", ", missing)}";
    }

    private static string? AtLeast(string what, double? asked, double? has) =>
        asked is not { } needed || has >= needed ? null
            : string.Create(CultureInfo.InvariantCulture, $"has {has?.ToString("0.#", CultureInfo.InvariantCulture) ?? "no known"} of the {needed:0.#} {what} needed");

    private static string? SameWord(string what, string? asked, string? has) =>
        asked is null || string.Equals(asked, has, StringComparison.OrdinalIgnoreCase) ? null : $"has {what} {has ?? "unknown"}, {asked} is needed";

    private static bool HasOrAll(IReadOnlyList<string>? has, string? asked) => asked is null || has is null || HasAll(has) || Contains(has, asked);

    private static bool HasAll(IReadOnlyList<string> has) => has is [WorkerCapabilities.All];

    private static bool Contains(IReadOnlyList<string>? has, string asked) => has?.Contains(asked, StringComparer.OrdinalIgnoreCase) == true;

    // Rounded so that what is short never reads as enough; a hundredth of a GB is the rounding of the units themselves.
    private static string Gigabytes(long mb, Func<double, double> round) =>
        (round((mb * 1048576.0 / 1e8) + (round == Math.Floor ? 0.1 : -0.1)) / 10).ToString("0.#", CultureInfo.InvariantCulture);
}
