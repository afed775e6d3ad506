using System.Net.Http.Headers;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Outside;

namespace OrleansJobGrid.Connectors.Http;

/// <summary>
/// One attempt of a job whose work lives as long as its request: posts, and reads the answer. What became of it when the connection is lost
/// nobody can say, which is left to the grid unless it is safe to repeat.
/// </summary>
internal sealed class HttpRequestExecution(
    OutsideService<HttpWork> service, IReadOnlyDictionary<string, HttpInstance> instances, IJobContext job, HttpServiceOptions options, TimeProvider time)
{
    private const long LargestAnswer = 256L << 20;

    public async Task<ConnectorResult> Run(CancellationToken cancellationToken)
    {
        var instance = instances[service.InTurn(job.UsableInstances).FirstOrDefault(job.TryUse) ?? throw new NoUsableInstanceException(service.Name)];
        await instance.Prepare(job, cancellationToken);
        Task<HttpResponseMessage>? answering = null;
        try
        {
            await job.SubmitAsync(
                instance.Id,
                null,
                async (mark, untilSent) =>
                {
                    answering = await instance.Begin(job, mark, untilSent, cancellationToken);
                    return null;
                },
                cancellationToken);
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            return ConnectorResult.Failed(FailureEvidence.Of(e, "submit") with { Instance = instance.Id, KnownClass = FailureClass.Transient });
        }

        try
        {
            using var answer = await answering!;
            return await Read(instance, answer, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            // It never got there.
            return ConnectorResult.Failed(FailureEvidence.Of(e, "submit") with { Instance = instance.Id, KnownClass = FailureClass.Transient });
        }
        catch (Exception e) when (OutsideFaults.IsFault(e))
        {
            return options.SafeToRepeat
                ? ConnectorResult.Failed(FailureEvidence.Of(e, "run") with { Instance = instance.Id, KnownClass = FailureClass.Transient })
                : ConnectorResult.Unsure($"The connection to '{instance.Id}' was lost while it worked. {e.Message}");
        }
    }

    private async Task<ConnectorResult> Read(HttpInstance instance, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (!answer.IsSuccessStatusCode)
            return instance.FailureOf(answer.StatusCode, await Text(answer, cancellationToken), answer.Headers.RetryAfter?.ToString(), "run");
        var result = instance.ResultOf(job);
        var type = answer.Content.Headers.ContentType;
        if (options.Mode == HttpMode.Stream)
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var (whole, problem) = await new HttpStreamReader(instance, job, options, time).Read(stream, cancellationToken);
            return whole is null ? problem! : await result.Of(whole, cancellationToken);
        }

        if (FileOf(type) is { } name)
            return await result.OfFile(answer, name, cancellationToken);
        var text = await Text(answer, cancellationToken);
        try
        {
            return await result.Of(HttpTemplate.Parse(text), cancellationToken);
        }
        catch (JsonException)
        {
            return new FailedResult(new FailureEvidence
            {
                Message = $"'{instance.Id}' answered {type?.MediaType ?? "something without a type"} where JSON was expected: {ServiceErrorBody.Read(text).Message}",
                KnownClass = FailureClass.Transient,
                KnownReason = FailureReason.UnexpectedResponse,
                Instance = instance.Id,
            });
        }
    }

    /// <summary>The name of an answer that is a file itself; null: it is none.</summary>
    private static string? FileOf(MediaTypeHeaderValue? type) => type?.MediaType?.Split('/') switch
    {
        ["image" or "audio" or "video", var kind] => $"output.{kind.Split('+', ';')[0].Replace("jpeg", "jpg", StringComparison.Ordinal).Replace("mpeg", "mp3", StringComparison.Ordinal)}",
        ["application", "pdf" or "zip"] kind => $"output.{kind[1]}",
        ["application", "octet-stream"] => "output.bin",
        _ => null,
    };

    private static async Task<string> Text(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await answer.Content.LoadIntoBufferAsync(LargestAnswer, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }
}
