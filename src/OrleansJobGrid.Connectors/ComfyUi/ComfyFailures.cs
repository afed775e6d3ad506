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
        var (nodes, missing) = Read(body);
        return said with { Message = nodes.Count == 0 ? said.Message : $"{string.Join("; ", nodes)}.", Instance = instance, Missing = missing };
    }

    public static FailedResult MissingNodes(IReadOnlyList<string> classes, string instance) => new(new FailureEvidence
    {
        Message = $"'{instance}' has no node {string.Join(", ", classes.Select(c => $"'{c}'"))}. The custom node may not be installed.",
        Stage = Stage,
        Instance = instance,
        Missing = classes,
        KnownClass = FailureClass.MissingHere,
        KnownReason = FailureReason.NodeNotFound,
    });

    /// <summary>Field by field: which node, which input, what is wrong with it. And what is not there: nodes, and values that are not in the server's list.</summary>
    private static (List<string> Errors, List<string> Missing) Read(string body)
    {
        List<string> errors = [], missing = [];
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return (errors, missing);
            if (json.RootElement.TryGetProperty("error", out var error) && ComfyHistory.TextOf(error, "type") == "missing_node_type"
                && error.TryGetProperty("extra_info", out var extra) && ComfyHistory.TextOf(extra, "class_type") is { } missingNode)
            {
                missing.Add(missingNode);
            }

            if (!json.RootElement.TryGetProperty("node_errors", out var nodes) || nodes.ValueKind != JsonValueKind.Object)
                return (errors, missing);
            foreach (var node in nodes.EnumerateObject())
            {
                if (node.Value.ValueKind != JsonValueKind.Object || !node.Value.TryGetProperty("errors", out var found) || found.ValueKind != JsonValueKind.Array)
                    continue;
                var type = ComfyHistory.TextOf(node.Value, "class_type");
                missing.AddRange(found.EnumerateArray().Select(MissingValue).OfType<string>());
                errors.AddRange(found.EnumerateArray().Select(e => $"node {node.Name} ({type}): {ComfyHistory.TextOf(e, "message")}: {ComfyHistory.TextOf(e, "details")}"));
            }
        }
        catch (JsonException)
        {
            // What is no JSON is said as it stands.
        }

        return (errors, missing);
    }

    private static string? MissingValue(JsonElement error) =>
        ComfyHistory.TextOf(error, "type") == "value_not_in_list" && error.TryGetProperty("extra_info", out var extra) ? ComfyHistory.TextOf(extra, "received_value") : null;
}
