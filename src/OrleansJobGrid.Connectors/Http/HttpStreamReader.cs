using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>Reads an answer that comes in pieces.</summary>
internal sealed class HttpStreamReader(HttpInstance instance, IJobContext job, HttpServiceOptions options, TimeProvider time)
{
    private const int LongestText = 8 << 20;
    private static readonly TimeSpan Told = TimeSpan.FromMilliseconds(500);

    /// <summary>The whole answer: the last event, and with it <c>text</c>, the pieces joined, where pieces are named; or what came in the way.</summary>
    public async Task<(JToken? Answer, ConnectorResult? Problem)> Read(Stream stream, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        JToken? last = null;
        var ended = false;
        var toldAt = time.GetTimestamp();
        await foreach (var said in Events(stream, cancellationToken))
        {
            if (said == options.Stream.End)
            {
                ended = true;
                break;
            }

            try
            {
                last = HttpTemplate.Parse(said);
            }
            catch (JsonException)
            {
                return (null, new FailedResult(FailureClass.Transient, FailureReason.InvalidJson, $"'{instance.Id}' sent a piece that is no JSON: {Short(said)}", null));
            }

            if (HttpValues.Select(last, options.Stream.Failed) is not null)
                return (null, instance.FailureOf(last, "run"));
            text.Append(HttpValues.Text(last, options.Stream.Text));
            if (text.Length > LongestText)
                return (null, new FailedResult(FailureClass.Malformed, FailureReason.OutputLimit, $"The text is longer than {LongestText >> 20} MB.", null));
            if (time.GetElapsedTime(toldAt) >= Told)
            {
                toldAt = time.GetTimestamp();
                job.ReportProgress(HttpValues.Percent(last, options.Progress, options.ProgressIsShare) ?? 0, HttpValues.Text(last, options.Message) ?? $"{text.Length} characters");
            }

            if (options.Stream.IsLast is { } isLast && HttpValues.Select(last, isLast) is JValue { Type: JTokenType.Boolean, Value: true })
            {
                ended = true;
                break;
            }
        }

        // One that says how it ends has to end so.
        if (!ended && (options.Stream.IsLast is not null || options.Stream.Format == HttpStreamFormat.Sse) || last is null)
            return (null, new FailedResult(FailureClass.Transient, FailureReason.TruncatedResponse, $"'{instance.Id}' broke its answer off after {text.Length} characters.", null));
        if (options.Stream.Text is null)
            return (last, null);
        return (new JObject { ["text"] = text.ToString(), ["last"] = last }, null);
    }

    private static string Short(string text) => text.Length <= 200 ? text : text[..200];

    private async IAsyncEnumerable<string> Events(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Stream.Format == HttpStreamFormat.Sse)
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
                yield return item.Data;
            yield break;
        }

        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0)
                yield return line;
        }
    }
}
