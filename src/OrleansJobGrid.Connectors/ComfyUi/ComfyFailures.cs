using System.Net;
using System.Text.Json;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.ComfyUi;

/// <summary>What is known of a post that was refused.</summary>
internal static class ComfyFailures
{
    private const string Stage = "submit";

    /// <summary>What every version answers where it fell over a request itself.</summary>
    public static bool IsInTrouble(string body) => body.Contains("Server got itself in trouble", StringComparison.Ordinal);

    public static FailureEvidence OfPost(HttpStatusCode status, string body, string? retryAfter, string instance, DateTimeOffset now)
    {
        var said = FailureEvidence.OfHttp((int)status, body, retryAfter, now, Stage);
        var nodes = NodeErrors(body);
        return said with { Message = nodes.Count == 0 ? said.Message : $"{string.Join("; ", nodes)}.", Instance = instance };
    }

    public static FailedResult MissingNodes(IReadOnlyList<string> classes, string instance) => new(new FailureEvidence
    {
        Message = $"'{instance}' has no node {string.Join(", ", classes.Select(c => $"'{c}'"))}. The custom node may not be installed.",
        Stage = Stage,
        Instance = instance,
        KnownClass = FailureClass.MissingHere,
        KnownReason = FailureReason.NodeNotFound,
    });

    /// <summary>Field by field: which node, which input, what is wrong with it.</summary>
    private static List<string> NodeErrors(string body)
    {
        var errors = new List<string>();
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("node_errors", out var nodes) || nodes.ValueKind != JsonValueKind.Object)
                return errors;
            foreach (var node in nodes.EnumerateObject())
            {
                if (node.Value.ValueKind != JsonValueKind.Object || !node.Value.TryGetProperty("errors", out var found) || found.ValueKind != JsonValueKind.Array)
                    continue;
                var type = ComfyHistory.TextOf(node.Value, "class_type");
                errors.AddRange(found.EnumerateArray().Select(e => $"node {node.Name} ({type}): {ComfyHistory.TextOf(e, "message")}: {ComfyHistory.TextOf(e, "details")}"));
            }
        }
        catch (JsonException)
        {
            // What is no JSON is said as it stands.
        }

        return errors;
    }
}
