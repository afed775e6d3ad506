using System.Text.Json.Nodes;
using OrleansJobGrid.Connectors;

namespace TextStats;

/// <summary>Counts the lines and words of a text. Payload: {"input": "ARTEFACT"}.</summary>
public sealed class TextStatsConnector : IConnector
{
    public string Service => "text-stats";

    public WorkLocation Location => WorkLocation.InProcess;

    public TimeSpan DefaultAttemptTimeout => TimeSpan.FromMinutes(5);

    public async Task<ConnectorResult> ExecuteAsync(IJobContext context, CancellationToken cancellationToken)
    {
        if (!context.Payload.TryGetProperty("input", out var input) || input.GetString() is not { } artefact)
            return ConnectorResult.Failed(FailureClass.Malformed, "missing_required_field", "payload.input is missing: name the artefact of a text.");
        await using var text = await context.Files.OpenInputAsync(artefact, cancellationToken);
        using var reader = new StreamReader(text);
        var (lines, words) = (0, 0);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            lines++;
            words += line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
            context.ReportProgress(99.0 * text.Position / text.Length, $"line {lines}");
        }

        return ConnectorResult.Completed(new JsonObject { ["lines"] = lines, ["words"] = words });
    }
}
