namespace OrleansJobGrid.TestService;

/// <summary>The protocol of the service <c>rest</c>.</summary>
internal static class Endpoints
{
    public static void Map(WebApplication app, OutsideService service, Gates gates, string boot, TimeSpan answerDelay)
    {
        app.Use(async (context, next) =>
        {
            if (answerDelay > TimeSpan.Zero)
                await Task.Delay(answerDelay, TimeProvider.System);
            await next(context);
        });
        app.MapGet("/health", async (HttpContext context) =>
            await Passes(context, gates.Health, "-", "-") ? Results.Json(new HealthAnswer(boot), Json.Options) : Results.Empty);
        app.MapPost("/jobs", async (HttpContext context) =>
        {
            // Read whole before the gate: what is taken after its sender's death is a post that was on the wire.
            var request = await context.Request.ReadFromJsonAsync<JobRequest>(Json.Options);
            if (request is null || !IsPlain(request.Id) || string.IsNullOrEmpty(request.JobId))
                return Results.Json(new { error = new { type = "invalid_request", message = "id and job_id are missing or no plain names." } }, statusCode: 400);
            if (!await Passes(context, gates.Post, request.Id, request.JobId))
                return Results.Empty;
            await service.TakeAsync(request);
            return await Passes(context, gates.Answer, request.Id, request.JobId) ? Results.Json(new { id = request.Id }, statusCode: 202) : Results.Empty;
        });
        app.MapPost("/jobs/query", async (HttpContext context) =>
        {
            var question = await context.Request.ReadFromJsonAsync<JobsQuestion>(Json.Options) ?? new([]);
            var jobs = new Dictionary<string, JobAnswer>();
            foreach (var id in question.Ids)
            {
                if (service.Find(id) is { } job)
                    jobs[id] = job;
            }

            // One after another would announce the second only when the first has passed.
            var passes = await Task.WhenAll(jobs.Where(j => j.Value.State == "completed").Select(j => gates.Completed.ComeAsync(j.Key, service.JobOf(j.Key)!)));
            if (!passes.Contains(GatePass.Drop))
                return Results.Json(new JobsAnswer(boot, jobs), Json.Options);
            context.Abort();
            return Results.Empty;
        });
        app.MapPost("/jobs/{id}/cancel", async (string id) => await service.CancelAsync(id) ? Results.Ok() : Results.NotFound());
        app.MapGet("/files/{id}/{name}", (HttpContext context, string id, string name) =>
        {
            if (service.FindFile(id, name) is not { } file)
                return Results.NotFound();
            context.Response.OnCompleted(() => gates.Fetched.ComeAsync(id, service.JobOf(id)!));
            return Results.Bytes(file);
        });
    }

    private static async Task<bool> Passes(HttpContext context, Gate gate, string externalId, string jobId)
    {
        if (await gate.ComeAsync(externalId, jobId) == GatePass.Go)
            return true;
        context.Abort();
        return false;
    }

    /// <summary>Ids name files where executions are kept.</summary>
    private static bool IsPlain(string? id) => !string.IsNullOrEmpty(id) && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
