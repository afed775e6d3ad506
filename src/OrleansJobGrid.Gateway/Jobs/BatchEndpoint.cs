using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>POST /api/jobs/batch</c>: an array as a whole, or lines as they come.</summary>
internal static class BatchEndpoint
{
    private const string TooLarge = "is larger than the 64 MB allowed for a batch: send it in parts, or as application/x-ndjson, which has no such limit";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/jobs/batch", SubmitAsync)
            .WithMetadata(BodySize.OwnLimit)
            .Describe("Jobs", "Submits many jobs",
                "A JSON array: a malformed one is refused as a whole; of a well-formed one, wrong elements are refused and the others taken (207). "
                + "Or application/x-ndjson, a job a line: answered with a result a line, as they come (200).")
            .TakesBody<IReadOnlyList<JobSubmissionDocument>>(JsonAnswer.ContentType, NdjsonBatch.ContentType)
            .TakesIdempotencyKey()
            .Answers<BatchAnswer>(201)
            .Answers<BatchAnswer>(207)
            .Answers<BatchItem>(200, NdjsonBatch.ContentType)
            .Refuses(400, 413, 415, 503);

    public static Task SubmitAsync(HttpContext context, JobIntake intake, IJobIdSource ids, TimeProvider time, IOptions<GatewayOptions> options)
    {
        var lines = RequestForm.IsNdjson(context.Request);
        if (!lines && !RequestForm.IsJson(context.Request))
        {
            return GridProblem.MediaType(
                $"send an array with the header Content-Type: application/json, or a job a line with {NdjsonBatch.ContentType}").WriteAsync(context);
        }

        if (!RequestForm.TryIdempotencyKey(context.Request, out var key, out var wrong))
            return GridProblem.Invalid([wrong]).WriteAsync(context);
        var rule = new JobIdRule(ids, key);
        return lines
            ? new NdjsonBatch(context, new BatchRun(intake), rule, options.Value.NdjsonAnswerBytes).RunAsync()
            : SubmitArrayAsync(context, new BatchRun(intake), rule, time);
    }

    private static async Task SubmitArrayAsync(HttpContext context, BatchRun run, JobIdRule ids, TimeProvider time)
    {
        using var body = await PooledBody.ReadAsync(context.Request, JobSubmissionLimits.BatchBodyBytes, context.RequestAborted);
        if (body is null)
        {
            await GridProblem.TooLarge(JobSubmissionReader.Body, TooLarge).WriteAsync(context);
            return;
        }

        var elements = JobArray.Scan(JsonText.WithoutMark(body.Span), out var error);
        if (error is { } wrong)
        {
            await GridProblem.Invalid([wrong]).WriteAsync(context);
            return;
        }

        var chunks = new List<BatchChunk>();
        var pending = Task.CompletedTask;
        foreach (var chunk in Chunks(body, elements, ids))
        {
            // This one was read while the one before was on its way.
            await pending;
            pending = run.SubmitAsync(chunk);
            chunks.Add(chunk);
        }

        await pending;
        BatchItem[] items = [.. chunks.SelectMany(c => c.Items)];
        var taken = Array.TrueForAll(items, i => i.Success);
        await JsonAnswer.StreamAsync(context, taken ? 201 : 207, new BatchAnswer(taken, items, IsoTime.Now(time)), GatewayJson.Relaxed.BatchAnswer);
    }

    private static IEnumerable<BatchChunk> Chunks(PooledBody body, List<(int Start, int Length)> elements, JobIdRule ids)
    {
        var chunk = new BatchChunk();
        for (var i = 0; i < elements.Count; i++)
        {
            chunk.Add(i, JobSubmissionReader.Read(JsonText.WithoutMark(body.Span).Slice(elements[i].Start, elements[i].Length), ids, i));
            if (chunk.IsFull || i == elements.Count - 1)
            {
                yield return chunk;
                chunk = new BatchChunk();
            }
        }
    }
}
