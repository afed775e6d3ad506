using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Events;

/// <summary><c>/api/subscriptions/…</c>.</summary>
internal static class SubscriptionEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 500;
    private const int LongestWait = 30;
    private const string AfterText = "a position: of an event or a page; default: what is delivered";

    private static readonly BodyField[] SpecFields =
    [
        new("deliver", true, $"one of {string.Join(", ", DeliveryKinds.All)}", t => DeliveryKinds.All.Contains(t)),
        new("url", false, "an address of 1 to 2000 characters", t => t.Length is >= 1 and <= 2000),
        BodyField.Json("types", 16 << 10),
        BodyField.Choice("from", false, "now", "oldest"),
        BodyField.Number("stream_length", 1, 100_000_000),
    ];

    private static readonly BodyField[] PositionFields = [new("position", true, "a position of an event or a page, or oldest, or now", t => t.Length is >= 1 and <= 4000)];
    private static readonly BodyField[] KeyFields = [new("key", false, "the key of a dead letter", t => t.Length is >= 1 and <= 100)];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/subscriptions", ListAsync).Describe("Events", "Lists the subscriptions to events").Answers<SubscriptionListAnswer>(200).Refuses(503);
        routes.MapPut("/api/subscriptions/{name}", PutAsync)
            .Describe("Events", "Makes or changes a subscription",
                "feed: it reads its events and says how far it came; http: they are posted to an address that JobGrid:Events:Allow allows, signed by Standard Webhooks with the secret that this answers once; "
                + "redis-stream: they are appended to a stream of the store's Redis. At least once, in the order of each job and saga. A new one begins now, or with from: oldest at the oldest event that is kept.")
            .TakesBody<SubscriptionSpecDocument>(JsonAnswer.ContentType).Answers<SubscriptionAnswerDocument>(200).Answers<SubscriptionAnswerDocument>(201).Refuses(400, 413, 415, 503);
        routes.MapGet("/api/subscriptions/{name}", GetAsync).Describe("Events", "Shows a subscription").Answers<SubscriptionAnswerDocument>(200).Refuses(404, 503);
        routes.MapDelete("/api/subscriptions/{name}", DeleteAsync).Describe("Events", "Ends a subscription", "Its dead letters go with it.").Answers<SubscriptionGoneAnswer>(200).Refuses(404, 503);
        routes.MapGet("/api/subscriptions/{name}/events", ReadAsync)
            .Describe("Events", "Reads events of a subscription", "Without moving it: POST …/position does. Any position that is kept can be read from, by any subscription.")
            .TakesQuery("after", AfterText).TakesQuery("limit", $"1 to {MaxLimit}, default {DefaultLimit}").TakesQuery("wait", $"seconds to wait where there are none, 0 to {LongestWait}, default 0")
            .Answers<EventPageAnswer>(200).Refuses(400, 404, 503);
        routes.MapGet("/api/subscriptions/{name}/stream", StreamAsync)
            .Describe("Events", "Follows a subscription by server-sent events", "event (one event; its id is the position behind it, and the header Last-Event-ID goes on there), error (problem details). Without moving the subscription.")
            .TakesQuery("after", AfterText).Answers<string>(200, ServerSentEvents.ContentType).Refuses(400, 404, 503);
        routes.MapPost("/api/subscriptions/{name}/position", MoveAsync)
            .Describe("Events", "Moves a subscription", "Forwards: everything up to there is done. Back: it comes again, where it is kept.").TakesBody<PositionDocument>(JsonAnswer.ContentType)
            .Answers<SubscriptionAnswerDocument>(200).Refuses(400, 404, 413, 415, 503);
        routes.MapGet("/api/subscriptions/{name}/dead-letters", DeadLettersAsync).Describe("Events", "Lists events that could not be delivered, oldest first").Answers<DeadEventListAnswer>(200).Refuses(404, 503);
        routes.MapPost("/api/subscriptions/{name}/dead-letters/redeliver", RedeliverAsync)
            .Describe("Events", "Delivers dead letters again", "All, or the one that key names.").TakesOptionalBody<DeadEventKeyDocument>(JsonAnswer.ContentType).Answers<DeadEventControlAnswer>(200).Refuses(400, 404, 413, 415, 503);
        routes.MapDelete("/api/subscriptions/{name}/dead-letters", DiscardAsync).Describe("Events", "Drops dead letters", "All, or the one that key names.").TakesQuery("key", "of one dead letter")
            .Answers<DeadEventControlAnswer>(200).Refuses(404, 503);
    }

    public static async Task ListAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var all = await grains.Subscriptions().List();
        await JsonAnswer.StreamAsync(context, 200, new SubscriptionListAnswer(true, [.. all.Select(SubscriptionDocument.Of)], null, IsoTime.Now(time)), GatewayJson.Relaxed.SubscriptionListAnswer);
    }

    public static async Task PutAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, SpecFields, required: true, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (TypesOf(body.Json("types")) is not { } types)
        {
            await GridProblem.Invalid("types", "must be a list of types, such as [\"job.completed\", \"saga.*\"]").WriteAsync(context);
            return;
        }

        var spec = new SubscriptionSpec { Name = name, Deliver = body.Text("deliver")!, Url = body.Text("url"), Types = types };
        if (body.Text("from") is { } from)
            spec = spec with { From = from };
        if (body.Number("stream_length") is { } length)
            spec = spec with { StreamLength = (long)length };
        var answer = await grains.Subscriptions().Put(spec);
        if (answer.Subscription is { } made)
            await JsonAnswer.WriteAsync(context, answer.Created ? 201 : 200, new SubscriptionAnswerDocument(true, SubscriptionDocument.Of(made), answer.Secret, IsoTime.Now(time)), GatewayJson.Relaxed.SubscriptionAnswerDocument);
        else
            await GridProblem.Invalid(answer.Field!, answer.Message!).WriteAsync(context);
    }

    public static async Task GetAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time) =>
        await AnswerAsync(name, await Find(name, grains, s => s.Get()), context, time);

    public static async Task DeleteAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (JobNames.IsName(name) && await grains.Subscriptions().Delete(name))
            await JsonAnswer.WriteAsync(context, 200, new SubscriptionGoneAnswer(true, name, $"The subscription '{name}' has ended.", IsoTime.Now(time)), GatewayJson.Relaxed.SubscriptionGoneAnswer);
        else
            await NoSuch(name).WriteAsync(context);
    }

    public static async Task ReadAsync(string name, string? after, string? limit, string? wait, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var (most, seconds) = (DefaultLimit, 0.0);
        if (limit is not null && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) && most is >= 1 and <= MaxLimit))
            await GridProblem.Invalid("limit", $"is no number from 1 to {MaxLimit}").WriteAsync(context);
        else if (wait is not null && !(double.TryParse(wait, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds) && seconds <= LongestWait))
            await GridProblem.Invalid("wait", $"is no number of seconds from 0 to {LongestWait}").WriteAsync(context);
        else
            await Placed(context, "after", async () =>
            {
                // Longer waits than a call of the cluster may take would end in an error.
                var page = await Find(name, grains, s => s.Read(after, most, TimeSpan.FromSeconds(Math.Min(seconds, 20))));
                await (page is null
                    ? NoSuch(name).WriteAsync(context)
                    : JsonAnswer.StreamAsync(context, 200, new EventPageAnswer(true, [.. page.Events.Select(e => new RawJson(e.Document, true))], page.Position, IsoTime.Now(time)), GatewayJson.Relaxed.EventPageAnswer));
            });
    }

    public static async Task StreamAsync(string name, string? after, HttpContext context, IGridGrains grains, TimeProvider time, IOptions<GatewayOptions> options, IHostApplicationLifetime lifetime)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var from = context.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] ? last : after;
        await Placed(context, "after", async () =>
        {
            if (await Find(name, grains, s => s.Read(from, DefaultLimit, TimeSpan.Zero)) is not { } page)
            {
                await NoSuch(name).WriteAsync(context);
                return;
            }

            var events = await ServerSentEvents.BeginAsync(context);
            var since = time.GetTimestamp();
            while (true)
            {
                foreach (var e in page.Events)
                    await events.SendAsync("event", e.Position, e.Document, ending.Token);
                if (page.Events.Count == 0)
                    await events.KeepAliveAsync(ending.Token);
                from = page.Position;
                try
                {
                    var next = await grains.Subscription(name).Read(from, DefaultLimit, options.Value.WatchWait).WaitAsync(ending.Token);
                    if (next is null)
                    {
                        await events.SendAsync("error", NoSuch(name), ending.Token);
                        return;
                    }

                    (page, since) = (next, time.GetTimestamp());
                }
                catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
                {
                    await events.SendAsync("error", GridProblem.Unavailable("This gateway is going down: connect again."), context.RequestAborted);
                    return;
                }
                catch (Exception e) when (FaultBoundary.IsUnavailable(e))
                {
                    if (time.GetElapsedTime(since) >= options.Value.WatchPatience)
                    {
                        await events.SendAsync("error", GridProblem.Unavailable($"The stream ends, since {FaultBoundary.Describe(e)}; connect again in a moment."), ending.Token);
                        return;
                    }

                    page = new([], from);
                    await Task.Delay(options.Value.WatchRetryPause, time, ending.Token);
                }
            }
        });
    }

    public static async Task MoveAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, PositionFields, required: true, context.RequestAborted);
        if (body.Problem is { } problem)
            await problem.WriteAsync(context);
        else
            await Placed(context, "position", async () => await AnswerAsync(name, await Find(name, grains, s => s.Move(body.Text("position")!)), context, time));
    }

    public static async Task DeadLettersAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await Find(name, grains, s => s.DeadLetters()) is { } dead)
            await JsonAnswer.StreamAsync(context, 200, new DeadEventListAnswer(true, [.. dead.Select(DeadEventDocument.Of)], null, IsoTime.Now(time)), GatewayJson.Relaxed.DeadEventListAnswer);
        else
            await NoSuch(name).WriteAsync(context);
    }

    public static async Task RedeliverAsync(string name, HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, KeyFields, required: false, context.RequestAborted);
        if (body.Problem is { } problem)
            await problem.WriteAsync(context);
        else
            await AnswerAsync(name, await Find(name, grains, s => s.Redeliver(body.Text("key"))), context, time);
    }

    public static async Task DiscardAsync(string name, string? key, HttpContext context, IGridGrains grains, TimeProvider time) =>
        await AnswerAsync(name, await Find(name, grains, s => s.Discard(key)), context, time);

    private static Task AnswerAsync(string name, SubscriptionView? view, HttpContext context, TimeProvider time) => view is null
        ? NoSuch(name).WriteAsync(context)
        : JsonAnswer.WriteAsync(context, 200, new SubscriptionAnswerDocument(true, SubscriptionDocument.Of(view), null, IsoTime.Now(time)), GatewayJson.Relaxed.SubscriptionAnswerDocument);

    private static Task AnswerAsync(string name, DeadEventsAnswer? answer, HttpContext context, TimeProvider time) => answer is null
        ? NoSuch(name).WriteAsync(context)
        : JsonAnswer.WriteAsync(context, 200, new DeadEventControlAnswer(true, answer.Done, answer.Left, answer.Message, IsoTime.Now(time)), GatewayJson.Relaxed.DeadEventControlAnswer);

    private static Task<T?> Find<T>(string name, IGridGrains grains, Func<ISubscriptionGrain, Task<T?>> ask)
        where T : class =>
        name.Length <= 64 && JobNames.IsName(name) ? ask(grains.Subscription(name)) : Task.FromResult<T?>(null);

    /// <summary>A position that the grid does not know is the caller's fault.</summary>
    private static async Task Placed(HttpContext context, string field, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ArgumentException e) when (!context.Response.HasStarted)
        {
            await GridProblem.Invalid(field, e.Message.Split(" (Parameter")[0].TrimEnd('.')).WriteAsync(context);
        }
    }

    private static List<string>? TypesOf(byte[]? json)
    {
        if (json is null)
            return [];
        using var list = JsonDocument.Parse(json);
        return list.RootElement.ValueKind == JsonValueKind.Array && list.RootElement.EnumerateArray().All(t => t.ValueKind == JsonValueKind.String)
            ? [.. list.RootElement.EnumerateArray().Select(t => t.GetString()!)]
            : null;
    }

    private static GridProblem NoSuch(string name) => GridProblem.NotFound($"There is no subscription '{GridProblem.Shorten(name)}': GET /api/subscriptions lists them, PUT makes one.");
}
