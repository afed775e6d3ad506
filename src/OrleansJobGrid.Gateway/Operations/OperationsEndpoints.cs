using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary><c>GET /api/workers</c>, <c>GET /api/metrics</c> and <c>GET /metrics</c>.</summary>
internal static class OperationsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/workers", WorkersAsync)
            .Describe("Operations", "Lists the workers", "With the instances of services outside that each reaches, and those of their breakers that are not closed.").Answers<WorkerListAnswer>(200).Refuses(503);
        routes.MapGet("/api/metrics", MetricsAsync)
            .Describe("Operations", "Shows the grid's figures").Answers<MetricsDocument>(200).Refuses(503);
        routes.MapGet("/metrics", PrometheusAsync)
            .Describe("Operations", "Shows the same figures to Prometheus").Produces<string>(200, PrometheusText.ContentType).Refuses(503);
    }

    public static async Task WorkersAsync(HttpContext context, IGridGrains grains, TimeProvider time)
    {
        var workers = await grains.Operations().Workers();
        var answer = new WorkerListAnswer(true, [.. workers.Select(WorkerDocument.Of)], null, IsoTime.Now(time));
        await JsonAnswer.StreamAsync(context, 200, answer, GatewayJson.Relaxed.WorkerListAnswer);
    }

    public static async Task MetricsAsync(HttpContext context, IGridGrains grains)
    {
        var metrics = await grains.Query().Metrics();
        var breakers = OpenBreakers.Of(await grains.Operations().Workers());
        await JsonAnswer.WriteAsync(context, 200, MetricsDocument.Of(metrics, breakers), GatewayJson.Relaxed.MetricsDocument);
    }

    public static async Task PrometheusAsync(HttpContext context, IGridGrains grains)
    {
        var operations = grains.Operations();
        var text = PrometheusText.Of(
            await grains.Query().Metrics(), await operations.Workers(), await operations.Queues(), await operations.Demand(), await grains.Subscriptions().List());
        context.Response.ContentType = PrometheusText.ContentType;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
