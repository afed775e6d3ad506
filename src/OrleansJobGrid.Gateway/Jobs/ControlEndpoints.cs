using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>POST /api/jobs/{id}/cancel|pause|resume|retry</c> and <c>POST /api/jobs/{id}/resolve</c>.</summary>
internal static class ControlEndpoints
{
    /// <summary>As it stands in the audit log where the request gives no reason.</summary>
    public const string Reason = "asked for over HTTP";

    private static readonly BodyField[] ReasonOnly = [BodyField.Reason];

    private static readonly BodyField[] ResolveFields =
    [
        BodyField.Choice("resolution", required: true, "completed", "requeue", "fail"), BodyField.Reason, BodyField.Json("result", ResultBytes),
    ];

    private const int ResultBytes = 64 << 10;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/jobs/{id}/cancel", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ReasonedAsync(id, context, grains, time, (job, reason) => job.Cancel(reason)))
            .DescribeControl("Cancels a job", "Durable. A running job is cancelled when its worker has stopped; a completion that comes first wins.");
        routes.MapPost("/api/jobs/{id}/pause", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ReasonedAsync(id, context, grains, time, (job, reason) => job.Pause(reason)))
            .DescribeControl("Pauses a job", "Durable. A running job is paused when its worker has stopped, with its checkpoint; unconfirmed after 60 s, the pause is withdrawn. A completion that comes first wins.");
        routes.MapPost("/api/jobs/{id}/resume", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ReasonedAsync(id, context, grains, time, (job, reason) => job.Resume(reason)))
            .DescribeControl("Resumes a paused job", "Back to its place in its queue, where it goes on from its checkpoint. A pause that has not come about yet is withdrawn.");
        routes.MapPost("/api/jobs/{id}/retry", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ReasonedAsync(id, context, grains, time, (job, reason) => job.Retry(reason)))
            .DescribeControl("Tries a dead letter again", "A job that is failed or timeout goes back into its queue, its history kept and its attempts counted anew.");
        routes.MapPost("/api/jobs/{id}/resolve", ResolveAsync)
            .Describe("Jobs", "Says what became of a job that is reconciling", "An operator's word, for where the service that did the work cannot be asked: completed (with the result, where there is one), requeue or fail.")
            .TakesBody<ResolveDocument>(JsonAnswer.ContentType)
            .Answers<ControlAnswerDocument>(200).Refuses(400, 404, 409, 413, 415, 503);
    }

    /// <summary>Runs a request about a job that takes a reason, and answers what became of it.</summary>
    public static async Task ReasonedAsync(
        string id, HttpContext context, IGridGrains grains, TimeProvider time, Func<IJobGrain, string, Task<ControlAnswer>> request)
    {
        var body = await BodyReader.ReadAsync(context.Request, ReasonOnly, required: false, context.RequestAborted);
        await (body.Problem is { } problem
            ? problem.WriteAsync(context)
            : AnswerAsync(id, context, grains, time, job => request(job, body.Text("reason") ?? Reason)));
    }

    /// <summary>Runs a request about a job and answers what became of it: 404 where there is no such job, 409 where its state refuses.</summary>
    public static async Task AnswerAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time, Func<IJobGrain, Task<ControlAnswer>> request)
    {
        // What cannot be an id is the id of no job, and the cluster need not be asked.
        var answer = JobNames.IsName(id) ? await request(grains.Job(id)) : null;
        if (answer is not { Found: true })
            await GridProblem.NoSuchJob(id).WriteAsync(context);
        else if (!answer.Accepted)
            await GridProblem.Conflict(answer.Message, id).WriteAsync(context);
        else
            await JsonAnswer.WriteAsync(
                context, 200, new ControlAnswerDocument(true, id, answer.Status.Name(), answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.ControlAnswerDocument);
    }

    public static RouteHandlerBuilder DescribeControl(this RouteHandlerBuilder route, string summary, string description) =>
        route.Describe("Jobs", summary, description)
            .TakesOptionalBody<ReasonDocument>(JsonAnswer.ContentType)
            .Answers<ControlAnswerDocument>(200).Refuses(400, 404, 409, 413, 415, 503);

    public static async Task ResolveAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, ResolveFields, required: true, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return;
        }

        var resolution = body.Text("resolution") switch
        {
            "completed" => Resolution.Completed,
            "requeue" => Resolution.Requeue,
            _ => Resolution.Fail,
        };
        if (body.Json("result") is not null && resolution != Resolution.Completed)
        {
            await GridProblem.Invalid("result", "goes with \"resolution\": \"completed\" only: leave it out, or say that the job was completed").WriteAsync(context);
            return;
        }

        await AnswerAsync(id, context, grains, time, job => job.Resolve(resolution, body.Text("reason") ?? Reason, body.Json("result")));
    }
}
