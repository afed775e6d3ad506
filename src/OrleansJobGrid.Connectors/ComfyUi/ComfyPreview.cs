using System.Buffers.Binary;
using System.Text.Json;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>An unfinished picture from a binary frame of the WebSocket.</summary>
/// <param name="PromptId">Whose it is; null: the frame does not say, and it is of the prompt that runs.</param>
/// <param name="Picture">The file.</param>
/// <param name="ContentType">What it is.</param>
internal sealed record ComfyPreview(string? PromptId, ReadOnlyMemory<byte> Picture, string ContentType)
{
    /// <summary>
    /// Asks for frames that say whose they are, which servers since 2025 send to clients that say this first; older ones do not listen.
    /// </summary>
    public static ReadOnlyMemory<byte> Ask { get; } = """{"type":"feature_flags","data":{"supports_preview_metadata":true}}"""u8.ToArray();

    private const uint Plain = 1;
    private const uint WithMetadata = 4;

    /// <summary>Numbers are big-endian of 32 bits: the sort of frame, then the format (1 JPEG, 2 PNG) or the length of a JSON object, then the picture.</summary>
    /// <returns>Null: it is something else.</returns>
    public static ComfyPreview? Parse(ReadOnlyMemory<byte> frame)
    {
        if (frame.Length <= 8)
            return null;
        var second = BinaryPrimitives.ReadUInt32BigEndian(frame.Span[4..]);
        switch (BinaryPrimitives.ReadUInt32BigEndian(frame.Span))
        {
            case Plain when second is 1 or 2:
                return new(null, frame[8..].ToArray(), second == 1 ? "image/jpeg" : "image/png");
            case WithMetadata when second < frame.Length - 8:
                try
                {
                    using var said = JsonDocument.Parse(frame.Slice(8, (int)second));
                    return ComfyHistory.TextOf(said.RootElement, "prompt_id") is { } prompt
                        ? new(prompt, frame[(8 + (int)second)..].ToArray(), ComfyHistory.TextOf(said.RootElement, "image_type") ?? "image/jpeg")
                        : null;
                }
                catch (JsonException)
                {
                    return null;
                }

            default:
                return null;
        }
    }
}
