using System.Collections.Concurrent;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>What is known of a server in one of its boots.</summary>
internal sealed class ComfyFacts(string? boot, ComfyVersion version)
{
    private readonly ConcurrentDictionary<string, bool> _outputs = new(StringComparer.Ordinal);

    public string? Boot => boot;

    public ComfyVersion Version => version;

    /// <summary>Whether nodes of a class make outputs; null: not known.</summary>
    public bool? IsOutput(string classType) => _outputs.TryGetValue(classType, out var output) ? output : null;

    public void Learn(string classType, bool output) => _outputs[classType] = output;
}
