using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobGrid.Connectors.Rest;

/// <summary>Brings the result and the files of a completed job home.</summary>
internal sealed class RestOutputs(RestInstance instance, IJobContext context, RestServiceOptions options, TimeProvider time)
{
    /// <summary>
    /// Completed with all outputs. Where a file cannot be fetched nobody is sure, and the grid asks again; where it is not there, the attempt
    /// has failed.
    /// </summary>
    public async Task<ConnectorResult> Fetch(RestState completed, CancellationToken cancellationToken)
    {
        var kept = new List<JobOutput>();
        foreach (var output in completed.Outputs ?? [])
        {
            var (file, problem) = await FetchPatiently(output, cancellationToken);
            if (file is null)
                return problem!;
            kept.Add(file);
        }

        return ConnectorResult.Completed(completed.Result is { } result ? NodeOf(result) : null, kept);
    }

    private async Task<(JobOutput? File, ConnectorResult? Problem)> FetchPatiently(RestOutput output, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                using var answer = await instance.Open(output.Url, cancellationToken);
                if (answer is null)
                    return (null, ConnectorResult.Failed(FailureClass.Transient, "output_missing", $"'{instance.Id}' names an output '{output.Name}' that it does not have."));
                await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
                return (await context.Files.WriteOutputAsync(output.Name, content, cancellationToken), null);
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or HttpIOException)
            {
                if (time.GetElapsedTime(began) >= options.Outage)
                    return (null, ConnectorResult.Unsure($"Output '{output.Name}' could not be fetched from '{instance.Id}'. {e.Message}"));
            }
            catch (InvalidDataException e)
            {
                return (null, ConnectorResult.Failed(FailureClass.Transient, "invalid_output", e.Message));
            }

            await Task.Delay(options.PollInterval, time, cancellationToken);
        }
    }

    private static JsonNode? NodeOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        _ => JsonValue.Create(element),
    };
}
