using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>Brings the result and the files of a completed job home.</summary>
internal sealed class RestOutputs(RestInstance instance, IJobContext context, RestServiceOptions options, TimeProvider time)
{
    /// <summary>Completed with all outputs, or what came in the way.</summary>
    public async Task<ConnectorResult> Fetch(RestState completed, CancellationToken cancellationToken)
    {
        var kept = new List<JobOutput>();
        foreach (var output in completed.Outputs ?? [])
        {
            var (file, problem) = await OutsideFile.Keep(
                context, instance.Id, output.Name, token => instance.Open(output.Url, token), options.Outage, options.PollInterval, time, cancellationToken);
            if (file is null)
                return problem!;
            kept.Add(file);
        }

        return ConnectorResult.Completed(completed.Result is { } result ? NodeOf(result) : null, kept);
    }

    private static JsonNode? NodeOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };
}
