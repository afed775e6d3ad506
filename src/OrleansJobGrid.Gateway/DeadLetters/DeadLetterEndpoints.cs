using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.DeadLetters;

/// <summary><c>/api/dead-letters</c>: jobs that failed or ran out of time, to be looked at, tried again or deleted.</summary>
internal static class DeadLetterEndpoints
{
    private const string Tag = "Dead letters";

    private static readonly BodyField[] RequeueFields =
    [
        new("fingerprint", true, Fingerprint.Form, t => Fingerprint.IsGood(t)), new("cursor", false, "next_cursor of the answer before", _ => true), BodyField.Reason,
    ];

    private static readonly BodyField[] PurgeFields = RequeueFields[..2];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/dead-letters", ListAsync)
            .Describe(Tag, "Lists dead letters, newest first", "A page may be empty and still have a cursor: the search goes on there.")
            .TakesQuery("service", "The service required")
            .TakesQuery("customer_id", "The customer")
            .TakesQuery("fingerprint", "Those of one kind")
            .TakesQuery("status", "failed or timeout")
            .TakesQuery("limit", "1 to 500, default 50")
            .TakesQuery("cursor", "next_cursor of the page before")
            .Answers<DeadLetterListAnswer>(200).Refuses(400, 503);
        routes.MapGet("/api/dead-letters/groups", GroupsAsync)
            .Describe(Tag, "Counts dead letters by kind", "Over the newest 5,000; truncated says that there are more.")
            .Answers<DeadLetterGroupsAnswer>(200).Refuses(503);
        routes.MapGet("/api/dead-letters/{id}", GetAsync)
            .Describe(Tag, "Shows a dead letter with its whole audit log").Answers<DeadLetterAnswer>(200).Refuses(404, 503);
        routes.MapPost("/api/dead-letters/{id}/requeue", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlEndpoints.ReasonedAsync(id, context, grains, time, (job, reason) => job.Retry(reason)))
            .Describe(Tag, "Tries a dead letter again", "As POST /api/jobs/{id}/retry.")
            .TakesOptionalBody<ReasonDocument>(JsonAnswer.ContentType)
            .Answers<ControlAnswerDocument>(200).Refuses(400, 404, 409, 413, 415, 503);
        routes.MapPost("/api/dead-letters/requeue", RequeueGroupAsync)
            .Describe(Tag, "Tries all dead letters of a kind again", "Says how many went back and which did not, with why. One request does up to 20,000 jobs or 20 s of work.")
            .TakesBody<FingerprintDocument>(JsonAnswer.ContentType)
            .Answers<GroupRequeueAnswer>(200).Refuses(400, 413, 415, 503);
        routes.MapDelete("/api/dead-letters/{id}", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlEndpoints.AnswerAsync(id, context, grains, time, job => job.Purge()))
            .Describe(Tag, "Deletes a dead letter with its history").Answers<ControlAnswerDocument>(200).Refuses(404, 409, 503);
        routes.MapPost("/api/dead-letters/purge", PurgeGroupAsync)
            .Describe(Tag, "Deletes all dead letters of a kind", "Bounded as the requeue of a kind.")
            .TakesBody<FingerprintDocument>(JsonAnswer.ContentType)
            .Answers<GroupPurgeAnswer>(200).Refuses(400, 413, 415, 503);
    }

    public static async Task ListAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (JobListQuery.ReadDeadLetters(context.Request.Query, out var errors) is not { } filter)
        {
            await GridProblem.Invalid(errors).WriteAsync(context);
            return;
        }

        if (await JobReadEndpoints.PageAsync(context, grains, filter) is { } page)
        {
            var answer = new DeadLetterListAnswer(true, [.. page.Jobs.Select(JobDocument.Of)], page.NextCursor, IsoTime.Now(time));
            await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.DeadLetterListAnswer);
        }
    }

    public static async Task GroupsAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var (groups, truncated) = await DeadLetterGroups.ReadAsync(grains.Query(), context.RequestAborted);
        await JsonAnswer.StreamAsync(context, 200, new DeadLetterGroupsAnswer(true, groups, truncated, IsoTime.Now(time)), GatewayJson.Relaxed.DeadLetterGroupsAnswer);
    }

    public static async Task GetAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var job = JobNames.IsName(id) ? await grains.Query().Get(id) : null;
        if (job is not null && !job.Status.IsDeadLetter())
        {
            await GridProblem.NoDeadLetter(id, job.Status.Name()).WriteAsync(context);
            return;
        }

        // It may have gone between the two questions.
        if (job is null || await grains.Query().Events(id) is not { } events)
        {
            await GridProblem.NoSuchJob(id).WriteAsync(context);
            return;
        }

        var answer = new DeadLetterAnswer(true, JobDocument.Of(job), [.. events.Select(JobEventDocument.Of)], IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.DeadLetterAnswer);
    }

    public static async Task RequeueGroupAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await SweepAsync(context, grains, time, RequeueFields, (job, reason) => job.Retry(reason)) is { } swept)
        {
            var answer = new GroupRequeueAnswer(swept.Refused.Count == 0, swept.Done, swept.Refused, swept.NextCursor, IsoTime.Now(time));
            await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.GroupRequeueAnswer);
        }
    }

    public static async Task PurgeGroupAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await SweepAsync(context, grains, time, PurgeFields, (job, _) => job.Purge()) is { } swept)
        {
            var answer = new GroupPurgeAnswer(swept.Refused.Count == 0, swept.Done, swept.Refused, swept.NextCursor, IsoTime.Now(time));
            await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.GroupPurgeAnswer);
        }
    }

    /// <summary>Null: it was answered with what is wrong.</summary>
    private static async Task<SweepResult?> SweepAsync(
        HttpContext context, IGridGrains grains, TimeProvider time, BodyField[] fields, Func<IJobGrain, string, Task<ControlAnswer>> action)
    {
        var body = await BodyReader.ReadAsync(context.Request, fields, required: true, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return null;
        }

        var (cursor, reason) = (body.Text("cursor"), body.Text("reason") ?? ControlEndpoints.Reason);
        try
        {
            return await new DeadLetterSweep(grains, time).RunAsync(body.Text("fingerprint")!, cursor, job => action(job, reason), context.RequestAborted);
        }
        catch (Exception e) when (e is ArgumentException or FormatException && cursor is not null)
        {
            // Only the store can read its cursors.
            await GridProblem.Invalid("cursor", "is not a cursor of this group: give next_cursor of the answer before, or leave it out").WriteAsync(context);
            return null;
        }
    }
}
