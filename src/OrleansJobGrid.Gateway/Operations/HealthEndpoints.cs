using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Operations;

/// <summary><c>GET /api/health</c>, <c>/health/live</c>, <c>/health/ready</c>.</summary>
internal static class HealthEndpoints
{
    private const string Down = "down";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/health", HealthAsync)
            .Describe("Operations", "Shows the grid's health", "ok and degraded answer 200; down answers 503 with the reasons.")
            .Answers<HealthDocument>(200).Answers<HealthDocument>(503);
        routes.MapGet("/health/live", (Delegate)LiveAsync)
            .Describe("Operations", "Whether this process answers").Answers<ReadinessDocument>(200);
        routes.MapGet("/health/ready", ReadyAsync)
            .Describe("Operations", "Whether the cluster and its store answer")
            .Answers<ReadinessDocument>(200).Answers<ReadinessDocument>(503);
    }

    public static async Task HealthAsync(HttpContext context, GridCheck check, IOptions<GatewayOptions> options, TimeProvider time)
    {
        var (status, reasons, store) = await check.AskAsync(context.RequestAborted);
        var answer = new HealthDocument(
            status, reasons, store is null ? null : StoreHealthDocument.Of(store), options.Value.Roles, options.Value.Version, IsoTime.Now(time));
        await JsonAnswer.WriteAsync(context, StatusOf(status), answer, GatewayJson.Relaxed.HealthDocument);
    }

    public static Task LiveAsync(HttpContext context) =>
        JsonAnswer.WriteAsync(context, 200, new ReadinessDocument("live", []), GatewayJson.Relaxed.ReadinessDocument);

    public static async Task ReadyAsync(HttpContext context, GridCheck check)
    {
        var (status, reasons, _) = await check.AskAsync(context.RequestAborted);
        var code = StatusOf(status);
        await JsonAnswer.WriteAsync(context, code, new ReadinessDocument(code == 200 ? "ready" : "not_ready", reasons), GatewayJson.Relaxed.ReadinessDocument);
    }

    private static int StatusOf(string status) =>
        status is "ok" or "degraded" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;

    /// <summary>Asks the grid for its health and does not wait for ever.</summary>
    internal sealed class GridCheck(IGridGrains grains, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GridCheck> logger)
    {
        public async Task<(string Status, IReadOnlyList<string> Reasons, StoreHealth? Store)> AskAsync(CancellationToken cancellationToken)
        {
            try
            {
                var health = await grains.Operations().Health().WaitAsync(options.Value.HealthTimeout, time, cancellationToken);
                return (health.Status, health.Reasons, health.Store);
            }
            catch (Exception e) when (FaultBoundary.IsUnavailable(e))
            {
                Log.HealthUnanswered(logger, e);
                return (Down, [$"The health of the grid is unknown: {FaultBoundary.Describe(e)}. Is a process with the role 'grid' running?"], null);
            }
        }
    }
}
