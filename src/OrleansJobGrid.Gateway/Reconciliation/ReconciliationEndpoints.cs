using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Reconciliation;

/// <summary><c>/api/reconciliation</c>.</summary>
internal static class ReconciliationEndpoints
{
    private static readonly BodyField[] Fields = [BodyField.Choice("mode", false, "repair", "dry-run"), new("source", false, "the name of a source", t => t.Length is >= 1 and <= 200)];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/reconciliation", LastAsync).Describe("Operations", "Shows what the last reconciliation with other systems found and did").Answers<ReconciliationAnswer>(200).Refuses(404, 503);
        routes.MapPost("/api/reconciliation", RunAsync)
            .Describe("Operations", "Compares the states that other systems keep with the grid", "And puts them right, unless mode is dry-run; only those of source, where it is named.")
            .TakesOptionalBody<ReconciliationDocument>(JsonAnswer.ContentType).Answers<ReconciliationAnswer>(200).Refuses(400, 413, 415, 503);
    }

    public static async Task LastAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        if (await grains.Reconciler().Last() is { } report)
            await AnswerAsync(report, context, time);
        else
            await GridProblem.NotFound("There was no reconciliation yet: POST /api/reconciliation runs one, and JobGrid:Reconciliation:Interval all further ones.").WriteAsync(context);
    }

    public static async Task RunAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var body = await BodyReader.ReadAsync(context.Request, Fields, required: false, context.RequestAborted);
        if (body.Problem is { } problem)
        {
            await problem.WriteAsync(context);
            return;
        }

        StateReport report;
        try
        {
            report = await grains.Reconciler().Run(body.Text("mode") == "dry-run", body.Text("source"));
        }
        catch (ArgumentException e)
        {
            await GridProblem.Invalid("source", e.Message.Split(" (Parameter")[0].TrimEnd('.')).WriteAsync(context);
            return;
        }

        await AnswerAsync(report, context, time);
    }

    private static Task AnswerAsync(StateReport report, HttpContext context, TimeProvider time) =>
        JsonAnswer.StreamAsync(context, 200, ReconciliationAnswer.Of(report, time), GatewayJson.Relaxed.ReconciliationAnswer);
}

/// <summary>What is to be compared; mode: repair (default) or dry-run.</summary>
internal sealed record ReconciliationDocument(string? Mode, string? Source);

/// <summary>A report; differences has the first 200 of difference_count.</summary>
internal sealed record ReconciliationAnswer(
    bool Success, IsoTime At, double DurationSeconds, bool DryRun, IReadOnlyList<StateSourceReport> Sources, int Compared, int DifferenceCount, int Repaired, IReadOnlyList<StateDifference> Differences, IsoTime Timestamp)
{
    public static ReconciliationAnswer Of(StateReport r, TimeProvider time) =>
        new(true, new(r.At), r.DurationMs / 1000.0, r.DryRun, r.Sources, r.Compared, r.Differences, r.Repaired, r.First, IsoTime.Now(time));
}
