using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.A1111;

/// <summary>Makes outputs and a result of an answer.</summary>
internal static class A1111Result
{
    /// <summary>The result names the files, and what the server says of how they came about.</summary>
    public static async Task<ConnectorResult> Of(IJobContext job, string instance, A1111Payload payload, JsonNode? answer, CancellationToken cancellationToken)
    {
        List<JsonNode?> pictures = answer switch
        {
            JsonObject o when o["images"] is JsonArray images => [.. images],
            JsonObject o when o["image"] is { } image => [image],
            _ => [],
        };
        if (pictures.Count == 0)
            return Unexpected(instance, $"'{instance}' answered without pictures.");
        var info = InfoOf(answer!["info"]);
        // With SaveImages it may put a sheet of all of them before them.
        if (info?["index_of_first_image"] is JsonValue first && first.TryGetValue(out int sheets) && sheets > 0 && sheets < pictures.Count)
            pictures.RemoveRange(0, sheets);
        if (payload.Pictures is { } wanted && pictures.Count < wanted)
            return Unexpected(instance, $"'{instance}' answered {pictures.Count} of {wanted} pictures: somebody interrupted the job there.");
        var outputs = new List<JobOutput>();
        for (var n = 1; n <= pictures.Count; n++)
        {
            if (BytesOf(pictures[n - 1]) is not { } bytes)
                return Unexpected(instance, $"'{instance}' has something else than base64 as picture {n}.");
            using var content = new MemoryStream(bytes, writable: false);
            outputs.Add(await job.Files.WriteOutputAsync(string.Create(CultureInfo.InvariantCulture, $"image-{n:000}.{EndingOf(bytes)}"), content, cancellationToken));
        }

        var result = new JsonObject { ["images"] = new JsonArray([.. outputs.Select(o => (JsonNode?)o.Name)]) };
        foreach (var (name, said) in ((string, string)[])[("seeds", "all_seeds"), ("infotexts", "infotexts"), ("model", "sd_model_name"), ("model_hash", "sd_model_hash")])
            result[name] = info?[said]?.DeepClone();
        return ConnectorResult.Completed(result, outputs);
    }

    public static FailedResult Unexpected(string instance, string message) => new(new FailureEvidence
    {
        Message = message,
        KnownClass = FailureClass.Transient,
        KnownReason = FailureReason.UnexpectedResponse,
        Stage = "fetch",
        Instance = instance,
    });

    /// <summary>JSON as a text.</summary>
    private static JsonObject? InfoOf(JsonNode? info)
    {
        try
        {
            return info is JsonValue value && value.TryGetValue(out string? text) ? JsonNode.Parse(text) as JsonObject : info as JsonObject;
        }
        catch (JsonException)
        {
            // Older ones and some scripts have a plain text there.
            return null;
        }
    }

    private static byte[]? BytesOf(JsonNode? picture)
    {
        if (picture is not JsonValue value || !value.TryGetValue(out string? text))
            return null;
        try
        {
            return Convert.FromBase64String(text.StartsWith("data:", StringComparison.Ordinal) ? text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..] : text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string EndingOf(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xff, 0xd8, ..] => "jpg",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] => "webp",
        [0x89, (byte)'P', ..] => "png",
        _ => "bin",
    };
}
