using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>
/// What a prompt is to save, kept beside its pictures: a server that was restarted knows its files and nothing else.
/// </summary>
internal sealed record ComfyManifest(IReadOnlyList<ComfySave> Saves)
{
    /// <summary>Its name in the prompt's folder.</summary>
    public const string FileName = "jobgrid.json";

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ComfyManifestJson.Default.ComfyManifest);

    /// <exception cref="JsonException">It is none.</exception>
    public static ComfyManifest Of(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, ComfyManifestJson.Default.ComfyManifest) is { Saves: not null } manifest ? manifest : throw new JsonException("It lacks its saves.");
}

/// <summary>A SaveImage node, and where its pictures go: <c>STEM_00001_.png</c> and so on.</summary>
internal sealed record ComfySave(string Node, string Folder, string Stem)
{
    public string File(int number) => $"{Stem}_{number:00000}_.png";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ComfyManifest))]
internal sealed partial class ComfyManifestJson : JsonSerializerContext;
