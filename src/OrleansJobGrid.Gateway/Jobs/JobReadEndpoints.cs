using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Jobs;

/// <summary><c>GET /api/jobs</c>, <c>GET /api/jobs/{id}</c>, its events and its result.</summary>
internal static class JobReadEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/jobs", ListAsync)
            .Describe("Jobs", "Lists jobs, newest first", "By a prefix of the id (q) the list is in the order of ids. A page may be empty and still have a cursor: the search goes on there.")
            .TakesQuery("status", "pending, assigned, in_progress, retrying, reconciling, paused, completed, failed, cancelled or timeout")
            .TakesQuery("service", "The service required")
            .TakesQuery("customer_id", "The customer")
            .TakesQuery("workflow_id", "The workflow")
            .TakesQuery("q", "A prefix of the id")
            .TakesQuery("limit", "1 to 500, default 50")
            .TakesQuery("cursor", "next_cursor of the page before")
            .Answers<JobListAnswer>(200)
            .Refuses(400, 503);
        routes.MapGet("/api/jobs/{id}", GetAsync)
            .Describe("Jobs", "Shows a job").Answers<JobAnswer>(200).Refuses(404, 503);
        routes.MapGet("/api/jobs/{id}/events", EventsAsync)
            .Describe("Jobs", "Shows a job's audit log, oldest first").Answers<JobEventsAnswer>(200).Refuses(404, 503);
        routes.MapGet("/api/jobs/{id}/why", WhyAsync)
            .Describe("Jobs", "Says why a job is where it is", "Clause by clause over the workers, its honest place, and an estimate of its start from measured run times.").Answers<WhyAnswer>(200).Refuses(404, 503);
        routes.MapGet("/api/jobs/{id}/result", ResultAsync)
            .Describe("Jobs", "Shows what a completed job brought", "409 while it has not completed, or where it ended otherwise.")
            .TakesQuery("presigned", "true: each output's url is a signed link, good until its expires_at")
            .Answers<JobResultAnswer>(200).Refuses(404, 409, 503);
        routes.MapDelete("/api/jobs/{id}/outputs", DeleteOutputsAsync)
            .Describe("Jobs", "Deletes the files of a job that has ended", "Its record stays. The same again changes nothing.").Answers<ControlAnswerDocument>(200).Refuses(404, 409, 503);
    }

    public static async Task ListAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (JobListQuery.Read(context.Request.Query, out var errors) is not { } filter)
        {
            await GridProblem.Invalid(errors).WriteAsync(context);
            return;
        }

        if (await PageAsync(context, grains, filter) is { } page)
        {
            var answer = new JobListAnswer(true, [.. page.Jobs.Select(JobDocument.Of)], page.NextCursor, IsoTime.Now(time));
            await JsonAnswer.StreamAsync(context, StatusCodes.Status200OK, answer, GatewayJson.Relaxed.JobListAnswer);
        }
    }

    /// <summary>A page of jobs; null: the cursor is none, which was answered.</summary>
    public static async Task<JobPage?> PageAsync(HttpContext context, IGridGrains grains, JobFilter filter)
    {
        try
        {
            return await grains.Query().List(filter);
        }
        catch (Exception e) when (e is ArgumentException or FormatException && filter.Cursor is not null)
        {
            // Only the store can read its cursors.
            await GridProblem.Invalid([JobListQuery.BadCursor]).WriteAsync(context);
            return null;
        }
    }

    public static async Task GetAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var job = await FindAsync(id, grains);
        await (job is null
            ? GridProblem.NoSuchJob(id).WriteAsync(context)
            : JsonAnswer.WriteAsync(context, 200, new JobAnswer(true, JobDocument.Of(job), IsoTime.Now(time)), GatewayJson.Relaxed.JobAnswer));
    }

    public static async Task EventsAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var events = JobNames.IsName(id) ? await grains.Query().Events(id) : null;
        if (events is null)
        {
            await GridProblem.NoSuchJob(id).WriteAsync(context);
            return;
        }

        var answer = new JobEventsAnswer(true, [.. events.Select(JobEventDocument.Of)], null, IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.JobEventsAnswer);
    }

    public static async Task WhyAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var why = JobNames.IsName(id) ? await grains.Query().Why(id) : null;
        await (why is null
            ? GridProblem.NoSuchJob(id).WriteAsync(context)
            : JsonAnswer.WriteAsync(context, 200, WhyAnswer.Of(why, IsoTime.Now(time)), GatewayJson.Relaxed.WhyAnswer));
    }

    public static async Task ResultAsync(string id, HttpContext context, IGridGrains grains, ArtefactLinks links, TimeProvider time)
    {
        var job = await FindAsync(id, grains);
        if (job is null)
        {
            await GridProblem.NoSuchJob(id).WriteAsync(context);
            return;
        }

        if (job.Status != JobStatus.Completed)
        {
            await GridProblem.Conflict(NoResult(job), id).WriteAsync(context);
            return;
        }

        var outputs = OutputDocument.Of(job.Outputs);
        if (context.Request.Query["presigned"] == "true")
        {
            outputs = await Task.WhenAll(outputs.Select(o => SignedAsync(o, context.Request, links)));
            context.Response.Headers.CacheControl = "no-store";
        }

        var answer = new JobResultAnswer(true, id, job.Status.Name(), new RawJson(job.Result, Checked: false), outputs, IsoTime.Now(time));
        await JsonAnswer.WriteAsync(context, 200, answer, GatewayJson.Relaxed.JobResultAnswer);
    }

    public static async Task DeleteOutputsAsync(string id, HttpContext context, IGridGrains grains, IArtefactStore artefacts, TimeProvider time)
    {
        if (await FindAsync(id, grains) is not { } job)
            await GridProblem.NoSuchJob(id).WriteAsync(context);
        else if (!job.Status.IsFinal())
            await GridProblem.Conflict($"The job '{id}' is {job.Status.Name()}: its files may go when it has ended. Cancel it first.", id).WriteAsync(context);
        else
        {
            await artefacts.DeleteJobAsync(id, context.RequestAborted);
            await JsonAnswer.WriteAsync(context, 200, new ControlAnswerDocument(true, id, job.Status.Name(), "its files are gone", IsoTime.Now(time)), GatewayJson.Relaxed.ControlAnswerDocument);
        }
    }

    private static async Task<OutputDocument> SignedAsync(OutputDocument output, HttpRequest request, ArtefactLinks links)
    {
        var link = await links.DownloadAsync(request, output.Artefact, null);
        return output with { Url = link.Url, ExpiresAt = new IsoTime(link.ExpiresAt.ToUnixTimeMilliseconds()) };
    }

    private static string NoResult(JobView job) => job.Status.IsFinal()
        ? $"The job '{job.Id}' ended as {job.Status.Name()} and has no result: {job.Error ?? job.EndReason ?? "GET /api/jobs/{id}/events says why"}"
        : $"The job '{job.Id}' is {job.Status.Name()}: its result comes when it has completed; GET /api/jobs/{{id}}/stream tells when.";

    // What cannot be an id is the id of no job, and the cluster need not be asked.
    private static async Task<JobView?> FindAsync(string id, IGridGrains grains) => JobNames.IsName(id) ? await grains.Query().Get(id) : null;
}
