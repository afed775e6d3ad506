using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Planning;

/// <summary>What a worker declares of itself in its settings.</summary>
internal static class CapabilitySettings
{
    private static readonly string[] Isolations = ["strict", "loose"];
    private static readonly string[] Tiers = ["economy", "standard", "premium"];
    private static readonly string[] Classes = ["fast", "standard", "heavy"];

    /// <summary>What is wrong with them, each with its setting and the mend.</summary>
    public static IReadOnlyList<string> Check(WorkerOptions options, string section)
    {
        var errors = new List<string>();
        foreach (var (name, list) in Lists(options))
            CheckList($"{section}:{name}", list, errors);
        foreach (var (service, models) in options.Models)
        {
            if (models is null or [])
                errors.Add($"{section}:Models:{service} is empty; name its models, or all.");
            else
                CheckList($"{section}:Models:{service}", models, errors);
        }

        foreach (var runtime in options.RuntimeClasses)
            OneOf($"{section}:RuntimeClasses", runtime, Classes, errors);
        OneOf($"{section}:CostTier", options.CostTier, Tiers, errors);
        OneOf($"{section}:CustomerAccess:Isolation", options.CustomerAccess.Isolation, Isolations, errors);
        CheckCustomers($"{section}:CustomerAccess", options.CustomerAccess, errors);
        Positive($"{section}:Hardware:GpuMemoryGb", options.Hardware.GpuMemoryGb, errors);
        Positive($"{section}:Hardware:GpuCount", options.Hardware.GpuCount, errors);
        Positive($"{section}:Hardware:CpuCores", options.Hardware.CpuCores, errors);
        Positive($"{section}:Hardware:RamGb", options.Hardware.RamGb, errors);
        Positive($"{section}:Hardware:DiskGb", options.Hardware.DiskGb, errors);
        return errors;
    }

    /// <summary>What it can do, on this machine.</summary>
    public static WorkerCapabilities Of(WorkerOptions options, HardwareCapabilities hardware) => new()
    {
        Components = Sorted(options.Components),
        Workflows = Sorted(options.Workflows),
        Models = options.Models.Count == 0
            ? null
            : new SortedDictionary<string, IReadOnlyList<string>>(options.Models.ToDictionary(m => m.Key, m => Sorted(m.Value ?? [])!), StringComparer.Ordinal),
        CustomNodes = Sorted(options.CustomNodes),
        Hardware = hardware,
        CustomerAccess = AccessOf(options.CustomerAccess),
        Region = Text(options.Region),
        Country = Text(options.Country),
        ComplianceZones = Sorted(options.ComplianceZones),
        DataResidency = Sorted(options.DataResidency),
        QualityLevels = Sorted(options.QualityLevels),
        CostTier = Text(options.CostTier)?.ToLowerInvariant(),
        Labels = Sorted(options.Labels),
        RuntimeClasses = Sorted([.. options.RuntimeClasses.Select(c => c.ToLowerInvariant())]),
        Attributes = options.Attributes,
        Requires = options.Requires,
    };

    private static IEnumerable<(string Name, IEnumerable<string> List)> Lists(WorkerOptions o) =>
    [
        (nameof(o.Queues), o.Queues), (nameof(o.Services), o.Services), (nameof(o.Instances), o.Instances), (nameof(o.CustomNodes), o.CustomNodes),
        (nameof(o.Components), o.Components), (nameof(o.Workflows), o.Workflows), (nameof(o.Labels), o.Labels),
        (nameof(o.RuntimeClasses), o.RuntimeClasses), (nameof(o.ComplianceZones), o.ComplianceZones), (nameof(o.DataResidency), o.DataResidency),
        (nameof(o.QualityLevels), o.QualityLevels), ("CustomerAccess:AllowedCustomers", o.CustomerAccess.AllowedCustomers),
        ("CustomerAccess:DeniedCustomers", o.CustomerAccess.DeniedCustomers),
    ];

    private static void CheckList(string setting, IEnumerable<string> list, List<string> errors)
    {
        var items = list.ToList();
        if (items.Any(string.IsNullOrWhiteSpace))
            errors.Add($"{setting} has an empty entry; leave it out.");
        if (items.Contains(WorkerCapabilities.All) && items.Count > 1)
            errors.Add($"{setting} names all beside others; leave the others out, or all.");
    }

    private static void CheckCustomers(string setting, CustomerAccessOptions access, List<string> errors)
    {
        if (access.MaxConcurrentCustomers is < 1 or > 1_000)
            errors.Add($"{setting}:MaxConcurrentCustomers is {access.MaxConcurrentCustomers}; give 1 to 1000, or leave it out for no limit.");
        if (access.MaxConcurrentCustomers is > 1 && "strict".Equals(access.Isolation, StringComparison.OrdinalIgnoreCase))
            errors.Add($"{setting}:MaxConcurrentCustomers is {access.MaxConcurrentCustomers}, but Isolation strict allows 1; leave one of them out.");
        foreach (var both in access.AllowedCustomers.Intersect(access.DeniedCustomers))
            errors.Add($"{setting} both allows and denies customer '{both}'; leave one out.");
    }

    private static void OneOf(string setting, string? value, string[] known, List<string> errors)
    {
        if (value is not null && !known.Contains(value, StringComparer.OrdinalIgnoreCase))
            errors.Add($"{setting} is '{value}'; give one of {string.Join(", ", known)}.");
    }

    private static void Positive(string setting, double? value, List<string> errors)
    {
        if (value is { } given && !(given > 0 && double.IsFinite(given)))
            errors.Add($"{setting} is {given}; give a number above 0, or leave it out.");
    }

    private static CustomerAccess? AccessOf(CustomerAccessOptions o)
    {
        var access = new CustomerAccess
        {
            Isolation = Text(o.Isolation)?.ToLowerInvariant(),
            AllowedCustomers = Sorted(o.AllowedCustomers),
            DeniedCustomers = Sorted(o.DeniedCustomers),
            MaxConcurrentCustomers = o.MaxConcurrentCustomers,
        };
        return access == new CustomerAccess() ? null : access;
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    private static IReadOnlyList<string>? Sorted(IEnumerable<string> list)
    {
        var sorted = list.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return sorted.Count == 0 ? null : sorted;
    }
}
