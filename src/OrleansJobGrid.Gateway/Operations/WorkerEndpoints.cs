using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary>Requests about a worker, and what the workers have and the jobs want: <c>/api/workers/{id}/…</c>, <c>/api/models</c>, <c>/api/demand</c>.</summary>
internal static class WorkerEndpoints
{
    private const double LongestDeadline = 86_400;

    private static readonly BodyField[] DrainFields = [BodyField.Number("deadline_seconds", 0, LongestDeadline), BodyField.Reason];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/workers/{id}/drain", DrainAsync)
            .Describe("Operations", "Drains a worker", "It claims no more and its jobs end; at the deadline those that still run are handed on with their last checkpoint. Kept until it is resumed, also while the worker is away.")
            .TakesOptionalBody<DrainDocument>(JsonAnswer.ContentType)
            .Answers<WorkerControlDocument>(200).Refuses(400, 404, 409, 413, 415, 503);
        routes.MapPost("/api/workers/{id}/resume", ResumeAsync)
            .Describe("Operations", "Lets a drained worker claim again", "Takes no body.").Answers<WorkerControlDocument>(200).Refuses(400, 404, 409, 413, 415, 503);
        routes.MapDelete("/api/workers/{id}", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                AnswerAsync(id, context, time, grains.Operations().Forget))
            .Describe("Operations", "Forgets a worker that is gone", "Refused (409) while it lives.").Answers<WorkerControlDocument>(200).Refuses(404, 409, 503);
        routes.MapGet("/api/models", ModelsAsync)
            .Describe("Operations", "Shows which worker has which model and custom node", "And how many waiting jobs need it, or lack it.").Answers<ModelListAnswer>(200).Refuses(503);
        routes.MapGet("/api/demand", DemandAsync)
            .Describe("Operations", "Shows what waits by capability class", "For autoscalers: work, oldest wait and wanted workers.").Answers<DemandListAnswer>(200).Refuses(503);
    }

    public static async Task DrainAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, DrainFields, required: false, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return;
        }

        TimeSpan? budget = body.Number("deadline_seconds") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        await AnswerAsync(id, context, time, worker => grains.Operations().Drain(worker, budget, body.Text("reason") ?? ControlEndpoints.Reason));
    }

    public static async Task ResumeAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, [], required: false, context.RequestAborted);
        await (body.Problem is { } problem ? problem.WriteAsync(context) : AnswerAsync(id, context, time, grains.Operations().Resume));
    }

    public static async Task ModelsAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var models = await grains.Operations().Models();
        var answer = new ModelListAnswer(true, [.. models.Select(ModelDocument.Of)], null, IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.ModelListAnswer);
    }

    public static async Task DemandAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var demand = await grains.Operations().Demand();
        var answer = new DemandListAnswer(true, [.. demand.Select(DemandDocument.Of)], null, IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.DemandListAnswer);
    }

    private static async Task AnswerAsync(string id, HttpContext context, TimeProvider time, Func<string, Task<WorkerControlAnswer>> request)
    {
        var answer = JobNames.IsName(id) ? await request(id) : null;
        if (answer is not { Found: true })
            await GridProblem.NotFound($"There is no worker '{GridProblem.Shorten(id)}': GET /api/workers lists them.").WriteAsync(context);
        else if (!answer.Accepted)
            await GridProblem.WorkerConflict(answer.Message).WriteAsync(context);
        else
            await JsonAnswer.WriteAsync(context, 200, new WorkerControlDocument(true, id, answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.WorkerControlDocument);
    }
}
