using System.Text.Json;

namespace OrleansJobGrid.Contracts.Matching;

/// <summary>Reads a submitter's <c>requirements</c>, strictly: what is unknown, ill-formed or contradicts itself is named with the mend.</summary>
public static class RequirementsReader
{
    /// <summary>Reads them; null where something is wrong, and then <paramref name="wrong"/> was called with field and message.</summary>
    /// <param name="json">The JSON object.</param>
    /// <param name="wrong">Called with a field such as <c>requirements.hardware.gpu_memory_gb</c> and what is wrong with it.</param>
    public static JobRequirements? Read(JsonElement json, Action<string, string> wrong) =>
        throw new NotSupportedException($"{json.ValueKind} {wrong}");
}
