using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary><c>GET /api/queues</c> and <c>POST /api/queues/{name}/pause|resume</c>.</summary>
internal static class QueueEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/queues", ListAsync)
            .Describe("Operations", "Lists the queues", "Those that ever held a job, and those that are paused.").Answers<QueueListAnswer>(200).Refuses(503);
        routes.MapPost("/api/queues/{name}/pause", PauseAsync)
            .Describe("Operations", "Pauses a queue", "Durable. It gives out no jobs until it is resumed; what was granted goes on, submissions are taken, and every time limit runs on.")
            .TakesOptionalBody<ReasonDocument>(JsonAnswer.ContentType)
            .Answers<QueueControlDocument>(200).Refuses(400, 413, 415, 503);
        routes.MapPost("/api/queues/{name}/resume", ResumeAsync)
            .Describe("Operations", "Resumes a queue", "Takes no body. No error where it was not paused.").Answers<QueueControlDocument>(200).Refuses(400, 413, 415, 503);
    }

    public static async Task ListAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var queues = await grains.Operations().Queues();
        var answer = new QueueListAnswer(true, [.. queues.Select(QueueDocument.Of)], null, IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.QueueListAnswer);
    }

    public static Task PauseAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time) =>
        AnswerAsync(name, context, time, [BodyField.Reason], body => grains.Operations().PauseQueue(name, body.Text("reason") ?? ControlEndpoints.Reason));

    public static Task ResumeAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time) =>
        AnswerAsync(name, context, time, [], _ => grains.Operations().ResumeQueue(name));

    private static async Task AnswerAsync(string name, HttpContext context, TimeProvider time, BodyField[] fields, Func<BodyReading, Task<QueueControlAnswer>> request)
    {
        var body = await BodyReader.ReadAsync(context.Request, fields, required: false, context.RequestAborted);
        var problem = JobNames.IsName(name)
            ? body.Problem
            : GridProblem.Invalid("name", $"'{GridProblem.Shorten(name)}' is no queue's name: 1 to {JobSubmissionLimits.NameLength} characters of {JobNames.Alphabet}");
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var answer = await request(body);
        await JsonAnswer.WriteAsync(
            context, 200, new QueueControlDocument(true, name, answer.Message, answer.Pause is { } pause ? new IsoTime(pause.Since) : null, IsoTime.Now(time)),
            GatewayJson.Relaxed.QueueControlDocument);
    }
}
