using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>Requirements that no worker could ever meet, since they contradict themselves.</summary>
internal static class Contradictions
{
    public static void Find(JobRequirements r, Action<string, string> wrong)
    {
        if (r.Hardware is { GpuCount: 0 } hardware && (hardware.GpuMemoryGb ?? r.Envelope?.GpuMemoryGb) is not null)
            wrong("requirements.hardware.gpu_count", "is 0, and GPU memory is required as well: leave one of them out");
        if (r.Hardware is { GpuCount: 0 } without && (without.GpuModel ?? without.GpuArchitecture) is not null)
            wrong("requirements.hardware.gpu_count", "is 0, and a GPU of a kind is required as well: leave one of them out");
        Both("models", r.Models, r, wrong);
        Both("custom_nodes", r.CustomNodes, r, wrong);
        Both("labels", r.Labels, r, wrong);
        foreach (var (name, asked) in r.PositiveRequirements ?? new Dictionary<string, JsonElement>())
        {
            if (r.NegativeRequirements?.TryGetValue(name, out var refused) == true && Exclude(asked, refused))
                wrong($"requirements.negative_requirements.{name}", "refuses what positive_requirements asks for: no worker could have both; change one of them");
        }
    }

    private static void Both(string field, IReadOnlyList<string>? asked, JobRequirements r, Action<string, string> wrong)
    {
        if (asked is null || r.NegativeRequirements?.TryGetValue(field, out var refused) != true)
            return;
        foreach (var both in Texts(refused).Intersect(asked, StringComparer.OrdinalIgnoreCase))
            wrong($"requirements.negative_requirements.{field}", $"refuses \"{both}\", which {field} asks for: no worker could have both; change one of them");
    }

    /// <summary>Whether what is asked always touches what is refused.</summary>
    private static bool Exclude(JsonElement asked, JsonElement refused) => (asked.ValueKind, refused.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => refused.GetDouble() <= asked.GetDouble(),
        (JsonValueKind.Object, JsonValueKind.Object) => asked.EnumerateObject().Any(a => refused.TryGetProperty(a.Name, out var r) && Exclude(a.Value, r)),
        (JsonValueKind.Object, _) or (_, JsonValueKind.Object) or (JsonValueKind.Number, _) or (_, JsonValueKind.Number) => false,
        _ => Texts(asked).Intersect(Texts(refused), StringComparer.OrdinalIgnoreCase).Any(),
    };

    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Texts),
        JsonValueKind.String => [json.GetString()!],
        _ => [json.GetRawText()],
    };
}
