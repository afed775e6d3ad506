using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>Reads a submitter's <c>requirements</c>, strictly: what is unknown, ill-formed or contradicts itself is named with the mend.</summary>
/// <remarks>
/// Equal wishes come out in equal form, since jobs are matched by it: lists sorted and each entry once, words in lower case, GPU memory
/// rounded up to half a GB. <c>"all"</c> and <c>"none"</c>, as an older system wrote them, mean that nothing is asked.
/// </remarks>
public static class RequirementsReader
{
    /// <summary>Most bytes of the canonical text.</summary>
    public const int MostBytes = 8 << 10;

    private const string Root = "requirements";
    private const double MostGb = 10_000;
    private const int MostCount = 100_000;

    private static readonly string[] Names =
    [
        "component", "workflow", "models", "custom_nodes", "hardware", "customer_isolation", "region", "country", "compliance", "data_residency",
        "quality_level", "cost_tier", "labels", "runtime_class", "envelope", "positive_requirements", "negative_requirements",
    ];

    private static readonly string[] HardwareNames = ["gpu_memory_gb", "gpu_count", "gpu_model", "gpu_architecture", "cpu_cores", "ram_gb", "disk_gb"];
    private static readonly string[] EnvelopeNames = ["gpu_memory_gb", "runtime_seconds"];
    private static readonly string[] Isolations = ["strict", "loose", "none"];
    private static readonly string[] CostTiers = ["economy", "standard", "premium"];
    private static readonly string[] RuntimeClasses = ["fast", "standard", "heavy"];

    /// <summary>Reads them; null where something is wrong, and then <paramref name="wrong"/> was called with field and message.</summary>
    /// <param name="json">The JSON object.</param>
    /// <param name="wrong">Called with a field such as <c>requirements.hardware.gpu_memory_gb</c> and what is wrong with it.</param>
    public static JobRequirements? Read(JsonElement json, Action<string, string> wrong)
    {
        var fields = new RequirementFields(wrong);
        if (!fields.IsObject(Root, json))
            return null;
        var given = fields.Take(Root, json, Names, Misplaced);
        var requirements = new JobRequirements
        {
            Component = fields.Text(given, Root, "component", lower: false),
            Workflow = fields.Text(given, Root, "workflow", lower: false),
            Models = fields.List(given, Root, "models"),
            CustomNodes = fields.List(given, Root, "custom_nodes"),
            Hardware = Hardware(given, fields),
            CustomerIsolation = fields.Word(given, Root, "customer_isolation", Isolations) is var isolation && isolation == "none" ? null : isolation,
            Region = fields.Text(given, Root, "region", lower: true),
            Country = fields.Text(given, Root, "country", lower: true),
            Compliance = fields.List(given, Root, "compliance"),
            DataResidency = fields.Text(given, Root, "data_residency", lower: true),
            QualityLevel = fields.Text(given, Root, "quality_level", lower: true),
            CostTier = fields.Word(given, Root, "cost_tier", CostTiers),
            Labels = fields.List(given, Root, "labels"),
            RuntimeClass = fields.Word(given, Root, "runtime_class", RuntimeClasses),
            Envelope = Envelope(given, fields),
            PositiveRequirements = fields.Facts(given, Root, "positive_requirements"),
            NegativeRequirements = fields.Facts(given, Root, "negative_requirements"),
        };
        if (fields.Faults == 0)
            Contradictions.Find(requirements, fields.Wrong);
        if (fields.Faults == 0 && requirements.Text.Length > MostBytes)
            fields.Wrong(Root, $"has {requirements.Text.Length} bytes and {MostBytes} are allowed: ask for less");
        return fields.Faults == 0 ? requirements : null;
    }

    private static string? Misplaced(string name) => name switch
    {
        "service_type" or "service" => "is not a requirement: name the service in service_required",
        "timeout_minutes" or "timeout_seconds" => $"is not a requirement: {name} is a field of the job itself",
        "geographic_region" => "is called region",
        _ => null,
    };

    private static HardwareRequirements? Hardware(Dictionary<string, JsonElement> given, RequirementFields fields)
    {
        const string path = Root + ".hardware";
        if (!given.TryGetValue("hardware", out var json) || RequirementFields.IsAll(json) || !fields.IsObject(path, json))
            return null;
        var inner = fields.Take(path, json, HardwareNames, _ => null);
        var hardware = new HardwareRequirements
        {
            GpuMemoryGb = fields.Number(inner, path, "gpu_memory_gb", MostGb) is { } gb ? Math.Ceiling(gb * 2) / 2 : null,
            GpuCount = fields.Whole(inner, path, "gpu_count", MostCount, least: 0),
            GpuModel = fields.Text(inner, path, "gpu_model", lower: true),
            GpuArchitecture = fields.Text(inner, path, "gpu_architecture", lower: true),
            CpuCores = fields.Whole(inner, path, "cpu_cores", MostCount, least: 1),
            RamGb = fields.Number(inner, path, "ram_gb", MostGb * 10),
            DiskGb = fields.Number(inner, path, "disk_gb", MostGb * 1000),
        };
        return hardware == new HardwareRequirements() ? null : hardware;
    }

    private static EnvelopeRequirements? Envelope(Dictionary<string, JsonElement> given, RequirementFields fields)
    {
        const string path = Root + ".envelope";
        if (!given.TryGetValue("envelope", out var json) || !fields.IsObject(path, json))
            return null;
        var inner = fields.Take(path, json, EnvelopeNames, _ => null);
        var envelope = new EnvelopeRequirements
        {
            GpuMemoryGb = fields.Number(inner, path, "gpu_memory_gb", MostGb) is { } gb ? Math.Ceiling(gb * 2) / 2 : null,
            RuntimeSeconds = fields.Number(inner, path, "runtime_seconds", 31_536_000),
        };
        return envelope == new EnvelopeRequirements() ? null : envelope;
    }
}
