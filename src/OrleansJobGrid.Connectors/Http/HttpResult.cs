using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Makes a job's result and outputs of an answer.</summary>
internal sealed class HttpResult(
    string instance, HttpFiles files, IJobContext job, IEnumerable<HttpFileOptions> wanted, string resultPath, TimeSpan outage, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Completed with what the settings name, or what came in the way. Files stand as their names in the result.</summary>
    public async Task<ConnectorResult> Of(JToken answer, CancellationToken cancellationToken)
    {
        var kept = new List<JobOutput>();
        foreach (var file in wanted)
        {
            var found = answer.SelectTokens(file.Path).Where(t => t.Type != JTokenType.Null).ToList();
            for (var n = 1; n <= found.Count; n++)
            {
                var name = file.Name.Replace("{n}", n.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
                var (output, problem) = await Keep(file, found[n - 1], name, cancellationToken);
                if (output is null)
                    return problem!;
                kept.Add(output);
                if (found[n - 1].Parent is not null)
                    found[n - 1].Replace(new JValue(name));
            }
        }

        return HttpValues.Select(answer, resultPath) is { } result
            ? ConnectorResult.Completed(JsonNode.Parse(result.ToString(Formatting.None)), kept)
            : Unexpected($"'{instance}' gave an answer without a result at {resultPath}.");
    }

    /// <summary>Completed with an answer that is a file itself, such as a picture.</summary>
    public async Task<ConnectorResult> OfFile(HttpResponseMessage answer, string name, CancellationToken cancellationToken)
    {
        await using var content = await answer.Content.ReadAsStreamAsync(cancellationToken);
        return ConnectorResult.Completed(null, [await job.Files.WriteOutputAsync(name, content, cancellationToken)]);
    }

    private ConnectorResult Unexpected(string message) => new FailedResult(new FailureEvidence
    {
        Message = message,
        KnownClass = FailureClass.Transient,
        KnownReason = FailureReason.UnexpectedResponse,
        Stage = "fetch",
        Instance = instance,
    });

    private async Task<(JobOutput? Output, ConnectorResult? Problem)> Keep(HttpFileOptions file, JToken value, string name, CancellationToken cancellationToken)
    {
        if (value is not JValue { Type: JTokenType.String } said)
            return (null, Unexpected($"'{instance}' has something else than a text at {file.Path}."));
        var text = (string)said!;
        if (file.As == HttpFileKind.Url && !text.StartsWith("data:", StringComparison.Ordinal))
            return await OutsideFile.Keep(job, instance, name, token => files.Open(text, token), outage, Pause, time, cancellationToken);
        try
        {
            using var content = new MemoryStream(file.As == HttpFileKind.Text ? Encoding.UTF8.GetBytes(text) : Convert.FromBase64String(Bare(text)), writable: false);
            return (await job.Files.WriteOutputAsync(name, content, cancellationToken), null);
        }
        catch (FormatException)
        {
            return (null, Unexpected($"'{instance}' has something else than base64 at {file.Path}."));
        }
    }

    /// <summary>Without <c>data:image/png;base64,</c> before it.</summary>
    private static string Bare(string text) => text.StartsWith("data:", StringComparison.Ordinal) ? text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..] : text;
}
