using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>POST /api/jobs</c>.</summary>
internal static class SubmitEndpoint
{
    public const string Replayed = "Idempotency-Replayed";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/jobs", SubmitAsync)
            .WithMetadata(BodySize.OwnLimit)
            .Describe("Jobs", "Submits a job", "Answers after the durable write. With an id or an Idempotency-Key the same body again is a replay, not a second job.")
            .TakesBody<JobSubmissionDocument>(JsonAnswer.ContentType)
            .TakesIdempotencyKey()
            .Answers<SubmitAnswer>(201)
            .Refuses(400, 409, 413, 415, 429, 503);

    public static async Task SubmitAsync(HttpContext context, JobIntake intake, IJobIdSource ids, TimeProvider time)
    {
        if (!RequestForm.IsJson(context.Request))
        {
            await GridProblem.MediaType("send the job as JSON, with the header Content-Type: application/json").WriteAsync(context);
            return;
        }

        if (!RequestForm.TryIdempotencyKey(context.Request, out var key, out var wrong))
        {
            await GridProblem.Invalid([wrong]).WriteAsync(context);
            return;
        }

        SubmissionReading reading;
        using (var body = await PooledBody.ReadAsync(context.Request, JobSubmissionLimits.JobBodyBytes, context.RequestAborted))
        {
            reading = body is null
                ? SubmissionReading.Wrong(JobSubmissionReader.Body, JobSubmissionReader.BodyTooLarge, tooLarge: true)
                : JobSubmissionReader.Read(body.Span, new JobIdRule(ids, key), 0);
        }

        if (reading.Job is null)
        {
            await reading.Problem.WriteAsync(context);
            return;
        }

        var result = (await intake.SubmitAsync([reading.Job]))[0];
        await AnswerAsync(context, result, time);
    }

    private static Task AnswerAsync(HttpContext context, SubmitResult result, TimeProvider time)
    {
        if (JobIntake.Refusal(result) is { } refusal)
        {
            var problem = result.Outcome switch
            {
                SubmitOutcome.Conflict => GridProblem.Conflict(refusal, result.JobId),
                SubmitOutcome.NothingToResume => GridProblem.Invalid("resume_job_id", result.Message!),
                SubmitOutcome.OverLimit => GridProblem.OverLimit("customer_id", result.Message!, result.JobId),
                _ => GridProblem.Unavailable(refusal, result.JobId),
            };
            return problem.WriteAsync(context);
        }

        var replayed = result.Outcome == SubmitOutcome.Replayed;
        if (replayed)
            context.Response.Headers[Replayed] = "true";
        context.Response.Headers.Location = "/api/jobs/" + Uri.EscapeDataString(result.JobId);
        var message = result.Message ?? (replayed ? "this job was taken before; nothing new was made" : "the job was taken");
        string[] warnings = result.Warning is { } warning ? [warning] : [];
        var answer = new SubmitAnswer(true, result.JobId, message, warnings, IsoTime.Now(time));
        return JsonAnswer.WriteAsync(context, StatusCodes.Status201Created, answer, GatewayJson.Relaxed.SubmitAnswer);
    }
}
