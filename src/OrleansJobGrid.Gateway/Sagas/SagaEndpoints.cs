using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;
using OrleansJobGrid.Sagas.Definitions;

namespace OrleansJobGrid.Gateway.Sagas;

/// <summary><c>/api/sagas/…</c> and <c>/api/saga-definitions/…</c>.</summary>
internal static class SagaEndpoints
{
    private const int BodyBytes = 256 << 10;
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    private static readonly string[] Statuses = ["running", "compensating", "parked", "completed", "compensated", "cancelled", "failed"];
    private static readonly BodyField[] ReasonOnly = [BodyField.Reason];
    private static readonly BodyField[] CancelFields = [BodyField.Choice("undo", false, "yes", "no"), BodyField.Reason];
    private static readonly BodyField Step = new("step", false, "the name of a step", t => t.Length is >= 1 and <= 48);
    private static readonly BodyField[] StepFields = [Step, BodyField.Reason];
    private static readonly BodyField[] SkipFields = [Step with { IsRequired = true }, BodyField.Reason];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/sagas", SubmitAsync)
            .Describe("Sagas", "Begins a saga", "{definition, input} with a definition of its own, or {saga, version, input} with a registered one; id and customer_id where wanted. JSON, or YAML with Content-Type: application/yaml.")
            .TakesIdempotencyKey().Answers<SagaControlAnswer>(201).Refuses(400, 404, 409, 413, 415, 503);
        routes.MapGet("/api/sagas", ListAsync).Describe("Sagas", "Lists sagas, newest first")
            .TakesQuery("status", "one of " + string.Join(", ", Statuses)).TakesQuery("name", "only of this definition").TakesQuery("limit", "1 to 500, default 50").TakesQuery("cursor", "next_cursor of the page before")
            .Answers<SagaListAnswer>(200).Refuses(400, 503);
        routes.MapGet("/api/sagas/{id}", GetAsync).Describe("Sagas", "Shows a saga").Answers<SagaAnswerDocument>(200).Refuses(404, 503);
        routes.MapGet("/api/sagas/{id}/events", EventsAsync).Describe("Sagas", "The events of a saga, oldest first").TakesQuery("from", "the first sequence number, default 1")
            .Answers<SagaEventsAnswer>(200).Refuses(400, 404, 503);
        routes.MapGet("/api/sagas/{id}/stream", StreamAsync)
            .Describe("Sagas", "Follows a saga by server-sent events", "state (the saga, at each change and at once), end (the saga, over; then the stream closes), error (problem details).")
            .Answers<SagaAnswerDocument>(200, ServerSentEvents.ContentType).Refuses(404, 503);
        routes.MapPost("/api/sagas/{id}/cancel", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlAsync(id, CancelFields, context, grains, time, (saga, body, reason) => saga.Cancel(body.Text("undo") != "no", reason)))
            .DescribeSaga("Ends a saga", "What it did is undone, unless {\"undo\": \"no\"}.");
        routes.MapPost("/api/sagas/{id}/pause", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlAsync(id, ReasonOnly, context, grains, time, (saga, _, reason) => saga.Pause(reason)))
            .DescribeSaga("Pauses a saga", "Nothing more is started; what runs goes on.");
        routes.MapPost("/api/sagas/{id}/resume", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlAsync(id, ReasonOnly, context, grains, time, (saga, _, reason) => saga.Resume(reason)))
            .DescribeSaga("Resumes a paused saga", null);
        routes.MapPost("/api/sagas/{id}/retry", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlAsync(id, StepFields, context, grains, time, (saga, body, reason) => saga.Retry(body.Text("step"), reason)))
            .DescribeSaga("Does failed steps anew, and only those", "One step, or all that failed. Of a saga that is parked in its undoing, the undoing that failed.");
        routes.MapPost("/api/sagas/{id}/skip-undo", (string id, HttpContext context, IGridGrains grains, TimeProvider time) =>
                ControlAsync(id, SkipFields, context, grains, time, (saga, body, reason) => saga.SkipUndo(body.Text("step")!, reason)))
            .DescribeSaga("Goes on without an undoing that failed", "For one that is not needed, or was done by hand.");
        routes.MapPost("/api/sagas/{id}/signals/{name}", SignalAsync)
            .Describe("Sagas", "Sends a signal to a saga", "The body, any JSON or none, is the output of the steps that wait for it.").Answers<SagaControlAnswer>(200).Refuses(400, 404, 409, 413, 415, 503);
        routes.MapPost("/api/saga-definitions", RegisterAsync)
            .Describe("Sagas", "Registers a definition under the next version of its name", "The newest one again is no new version. JSON, or YAML with Content-Type: application/yaml.").Answers<SagaDefinitionAnswer>(201).Refuses(400, 413, 415, 503);
        routes.MapGet("/api/saga-definitions", DefinitionsAsync).Describe("Sagas", "Lists registered definitions, each with its newest version").Answers<SagaDefinitionListAnswer>(200).Refuses(503);
        routes.MapGet("/api/saga-definitions/{name}", DefinitionAsync).Describe("Sagas", "Shows a registered definition").TakesQuery("version", "default: the newest").Answers<SagaDefinitionAnswer>(200).Refuses(400, 404, 503);
        routes.MapGet("/api/saga-schema", (Delegate)SchemaAsync).Describe("Sagas", "The JSON Schema of definitions").Answers<string>(200, "application/schema+json");
    }

    public static async Task SubmitAsync(HttpContext context, IGridGrains grains, IJobIdSource ids, TimeProvider time)
    {
        if (!RequestForm.TryIdempotencyKey(context.Request, out var key, out var wrong))
        {
            await GridProblem.Invalid([wrong]).WriteAsync(context);
            return;
        }

        if (await TextAsync(context) is not { } text)
            return;
        if (SagaReader.ReadRequest(text, out var faults) is not { } request)
        {
            await Refusal(faults).WriteAsync(context);
            return;
        }

        if (request.Input is { } input && Encoding.UTF8.GetByteCount(input.ToJsonString()) > SagaLimits.InputBytes)
        {
            await GridProblem.TooLarge("input", $"is larger than the {SagaLimits.InputBytes >> 10} KB allowed: upload large values and give their artefacts").WriteAsync(context);
            return;
        }

        var id = new JobIdRule(ids, key).For(request.Id, request.CustomerId, 0);
        var body = new JsonObject { ["definition"] = request.Definition?.Json, ["saga"] = request.Name, ["version"] = request.Version, ["input"] = request.Input?.DeepClone(), ["customer_id"] = request.CustomerId }.ToJsonString();
        var answer = await grains.Saga(id).Begin(new()
        {
            Definition = request.Definition?.Json,
            Name = request.Name,
            Version = request.Version,
            Input = request.Input is null ? null : Encoding.UTF8.GetBytes(request.Input.ToJsonString()),
            CustomerId = request.CustomerId,
            BodyHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body))),
        });
        if (answer.Outcome is SagaOutcome.NotFound or SagaOutcome.Refused)
        {
            await (answer.Outcome == SagaOutcome.NotFound ? GridProblem.NotFound(answer.Message) : GridProblem.SagaConflict(answer.Message)).WriteAsync(context);
            return;
        }

        if (answer.Outcome == SagaOutcome.Replayed)
            context.Response.Headers["Idempotency-Replayed"] = "true";
        context.Response.Headers.Location = "/api/sagas/" + Uri.EscapeDataString(id);
        await JsonAnswer.WriteAsync(context, 201, new SagaControlAnswer(true, id, answer.Status, answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.SagaControlAnswer);
    }

    public static async Task ListAsync(HttpContext context, string? status, string? name, string? cursor, string? limit, IGridGrains grains, TimeProvider time)
    {
        var most = DefaultLimit;
        if (limit is not null && !(int.TryParse(limit, out most) && most is >= 1 and <= MaxLimit))
            await GridProblem.Invalid("limit", $"is no number from 1 to {MaxLimit}").WriteAsync(context);
        else if (status is not null && !Statuses.Contains(status))
            await GridProblem.Invalid("status", $"is none of {string.Join(", ", Statuses)}").WriteAsync(context);
        else
        {
            var page = await grains.Sagas().List(status, name, cursor, most);
            await JsonAnswer.StreamAsync(context, 200, new SagaListAnswer(true, [.. page.Sagas.Select(s => new RawJson(s.Document, true))], page.NextCursor, IsoTime.Now(time)), GatewayJson.Relaxed.SagaListAnswer);
        }
    }

    public static async Task GetAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await FindAsync(id, grains) is { } saga)
            await JsonAnswer.StreamAsync(context, 200, new SagaAnswerDocument(true, new(saga.Document, true), IsoTime.Now(time)), GatewayJson.Relaxed.SagaAnswerDocument);
        else
            await GridProblem.NoSuchSaga(id).WriteAsync(context);
    }

    public static async Task EventsAsync(string id, string? from, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        long first = 1;
        if (from is not null && !(long.TryParse(from, out first) && first >= 0))
            await GridProblem.Invalid("from", "is no sequence number").WriteAsync(context);
        else if (IsId(id) && await grains.Sagas().Events(id, first) is { } events)
            await JsonAnswer.StreamAsync(context, 200, new SagaEventsAnswer(true, [.. events.Select(SagaEventDocument.Of)], IsoTime.Now(time)), GatewayJson.Relaxed.SagaEventsAnswer);
        else
            await GridProblem.NoSuchSaga(id).WriteAsync(context);
    }

    public static async Task StreamAsync(string id, HttpContext context, IGridGrains grains, TimeProvider time, IOptions<GatewayOptions> options, IHostApplicationLifetime lifetime)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        if (await FindAsync(id, grains) is not { } saga)
        {
            await GridProblem.NoSuchSaga(id).WriteAsync(context);
            return;
        }

        var events = await ServerSentEvents.BeginAsync(context);
        await events.SendAsync("state", new SagaAnswerDocument(true, new(saga.Document, true), IsoTime.Now(time)), ending.Token);
        var since = time.GetTimestamp();
        while (!saga.IsOver)
        {
            SagaView? next;
            try
            {
                next = await grains.Saga(id).Watch(saga.Version, options.Value.WatchWait).WaitAsync(ending.Token);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                await events.SendAsync("error", GridProblem.Unavailable("This gateway is going down: connect again."), context.RequestAborted);
                return;
            }
            catch (Exception e) when (FaultBoundary.IsUnavailable(e) && time.GetElapsedTime(since) < options.Value.WatchPatience)
            {
                // A silo that died takes its watches with it; the saga's next activation answers again.
                await events.KeepAliveAsync(ending.Token);
                await Task.Delay(options.Value.WatchRetryPause, time, ending.Token);
                continue;
            }
            catch (Exception e) when (FaultBoundary.IsUnavailable(e))
            {
                await events.SendAsync("error", GridProblem.Unavailable($"The stream ends, since {FaultBoundary.Describe(e)}; connect again in a moment."), ending.Token);
                return;
            }

            since = time.GetTimestamp();
            if (next is null)
            {
                await events.SendAsync("error", GridProblem.NoSuchSaga(id), ending.Token);
                return;
            }

            if (next.Version == saga.Version)
                await events.KeepAliveAsync(ending.Token);
            else
                await events.SendAsync("state", new SagaAnswerDocument(true, new(next.Document, true), IsoTime.Now(time)), ending.Token);
            saga = next;
        }

        await events.SendAsync("end", new SagaAnswerDocument(true, new(saga.Document, true), IsoTime.Now(time)), ending.Token);
    }

    public static async Task SignalAsync(string id, string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (name.Length > 64 || !JobNames.IsName(name))
        {
            await GridProblem.Invalid("name", "is no name of a signal: 1 to 64 of A-Z a-z 0-9 . _ -").WriteAsync(context);
            return;
        }

        byte[]? payload = null;
        using (var body = await PooledBody.ReadAsync(context.Request, SagaLimits.InputBytes, context.RequestAborted))
        {
            if (body is null)
            {
                await GridProblem.TooLarge("body", $"is larger than the {SagaLimits.InputBytes >> 10} KB allowed").WriteAsync(context);
                return;
            }

            if (!body.Span.IsEmpty)
                payload = body.Span.ToArray();
        }

        if (payload is not null && IsJson(payload) is { } malformed)
            await GridProblem.Invalid("body", malformed).WriteAsync(context);
        else
            await AnswerAsync(id, IsId(id) ? await grains.Saga(id).Signal(name, payload) : null, context, time);
    }

    public static async Task RegisterAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await TextAsync(context) is not { } text)
            return;
        if (SagaReader.Read(text, out var faults) is not { } definition)
        {
            await Refusal(faults).WriteAsync(context);
            return;
        }

        var registered = await grains.Sagas().Register(definition.Json);
        await JsonAnswer.WriteAsync(context, 201, new SagaDefinitionAnswer(true, registered.Name, registered.Version, new(registered.RegisteredAt), null, IsoTime.Now(time)), GatewayJson.Relaxed.SagaDefinitionAnswer);
    }

    public static async Task DefinitionsAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var all = await grains.Sagas().Definitions();
        await JsonAnswer.WriteAsync(
            context, 200, new SagaDefinitionListAnswer(true, [.. all.Select(d => new SagaDefinitionItem(d.Name, d.Version, new(d.RegisteredAt)))], null, IsoTime.Now(time)), GatewayJson.Relaxed.SagaDefinitionListAnswer);
    }

    public static async Task DefinitionAsync(string name, string? version, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        int? wanted = null;
        if (version is not null && !(int.TryParse(version, out var given) && (wanted = given) > 0))
            await GridProblem.Invalid("version", "is no number from 1 on").WriteAsync(context);
        else if (await grains.Sagas().Definition(name, wanted) is not { } found)
            await GridProblem.NotFound($"There is no {(wanted is null ? "" : $"version {wanted} of a ")}saga '{GridProblem.Shorten(name)}' on record: POST /api/saga-definitions registers one.").WriteAsync(context);
        else
            await JsonAnswer.WriteAsync(
                context, 200, new SagaDefinitionAnswer(true, found.Name, found.Version, new(found.RegisteredAt), new(Encoding.UTF8.GetBytes(found.Definition), true), IsoTime.Now(time)), GatewayJson.Relaxed.SagaDefinitionAnswer);
    }

    public static async Task SchemaAsync(HttpContext context)
    {
        context.Response.ContentType = "application/schema+json";
        await context.Response.WriteAsync(SagaSchema.Text, context.RequestAborted);
    }

    private static RouteHandlerBuilder DescribeSaga(this RouteHandlerBuilder route, string summary, string? description) =>
        route.Describe("Sagas", summary, description).TakesOptionalBody<ReasonDocument>(JsonAnswer.ContentType).Answers<SagaControlAnswer>(200).Refuses(400, 404, 409, 413, 415, 503);

    private static async Task ControlAsync(
        string id, BodyField[] fields, HttpContext context, IGridGrains grains, TimeProvider time, Func<ISagaGrain, BodyReading, string, Task<SagaAnswer>> request)
    {
        var body = await BodyReader.ReadAsync(context.Request, fields, required: fields.Any(f => f.IsRequired), context.RequestAborted);
        if (body.Problem is { } problem)
            await problem.WriteAsync(context);
        else
            await AnswerAsync(id, IsId(id) ? await request(grains.Saga(id), body, body.Text("reason") ?? ControlEndpoints.Reason) : null, context, time);
    }

    private static Task AnswerAsync(string id, SagaAnswer? answer, HttpContext context, TimeProvider time) => answer switch
    {
        null or { Outcome: SagaOutcome.NotFound } => GridProblem.NoSuchSaga(id).WriteAsync(context),
        { Outcome: SagaOutcome.Refused } => GridProblem.SagaConflict(answer.Message).WriteAsync(context),
        _ => JsonAnswer.WriteAsync(context, 200, new SagaControlAnswer(true, id, answer.Status, answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.SagaControlAnswer),
    };

    private static async Task<SagaView?> FindAsync(string id, IGridGrains grains) => IsId(id) ? await grains.Saga(id).Watch(-1, TimeSpan.Zero) : null;

    private static bool IsId(string id) => id.Length <= SagaLimits.IdLength && JobNames.IsName(id);

    private static string? IsJson(byte[] text)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(text);
            return null;
        }
        catch (System.Text.Json.JsonException e)
        {
            return JsonText.Malformed(e);
        }
    }

    /// <summary>All faults with their places, the field as the key and the place in the message.</summary>
    private static GridProblem Refusal(IReadOnlyList<SagaFault> faults) =>
        GridProblem.Invalid([.. faults.Select(f => new FieldError(f.Field.Length == 0 ? "body" : f.Field, $"(line {f.Line}, column {f.Column}) {f.Message.TrimEnd('.')}"))]);

    private static async Task<string?> TextAsync(HttpContext context)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (!RequestForm.IsJson(context.Request) && type is not ("application/yaml" or "application/x-yaml" or "text/yaml" or "text/x-yaml"))
        {
            await GridProblem.MediaType("send JSON with the header Content-Type: application/json, or YAML with application/yaml").WriteAsync(context);
            return null;
        }

        using var body = await PooledBody.ReadAsync(context.Request, BodyBytes, context.RequestAborted);
        if (body is null)
        {
            await GridProblem.TooLarge("body", $"is larger than the {BodyBytes >> 10} KB allowed for a saga: upload large values and give their artefacts").WriteAsync(context);
            return null;
        }

        return Encoding.UTF8.GetString(JsonText.WithoutMark(body.Span));
    }
}
