using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Callbacks;
using OrleansJobGrid.Gateway.DeadLetters;
using OrleansJobGrid.Gateway.Events;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Operations;
using OrleansJobGrid.Gateway.Problems;
using OrleansJobGrid.Gateway.Reconciliation;
using OrleansJobGrid.Gateway.Sagas;

namespace OrleansJobGrid.Gateway;

/// <summary>The routes of the HTTP edge.</summary>
public static class GatewayRoutes
{
    /// <summary>
    /// Maps <c>/api/…</c>, <c>/metrics</c>, <c>/health/…</c> and <c>/openapi/v1.json</c>. What is not built yet under <c>/api</c> answers 404.
    /// </summary>
    /// <returns>All of these routes, for conventions of the host's own.</returns>
    public static IEndpointConventionBuilder MapJobGrid(this IEndpointRouteBuilder endpoints)
    {
        var logger = endpoints.ServiceProvider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GatewayRoutes).Namespace!);
        var routes = endpoints.MapGroup("");
        SubmitEndpoint.Map(routes);
        BatchEndpoint.Map(routes);
        JobReadEndpoints.Map(routes);
        JobStreamEndpoint.Map(routes);
        ControlEndpoints.Map(routes);
        DeadLetterEndpoints.Map(routes);
        ArtefactEndpoints.Map(routes);
        CallbackEndpoint.Map(routes);
        OperationsEndpoints.Map(routes);
        WorkerEndpoints.Map(routes);
        QueueEndpoints.Map(routes);
        SagaEndpoints.Map(routes);
        SubscriptionEndpoints.Map(routes);
        ReconciliationEndpoints.Map(routes);
        HealthEndpoints.Map(routes);
        routes.MapOpenApi();
        routes.Map("/api/{**path}", NoSuchRoute).ExcludeFromDescription();
        ((IEndpointConventionBuilder)routes).Finally(route =>
        {
            if (route.RequestDelegate is { } inner)
                route.RequestDelegate = FaultBoundary.Around(inner, logger);
        });
        return routes;
    }

    private static Task NoSuchRoute(HttpContext context) =>
        GridProblem.NotFound(
            $"There is no {context.Request.Method} {GridProblem.Shorten(context.Request.Path.Value ?? "")} in this version: GET /openapi/v1.json lists what there is.")
            .WriteAsync(context);
}
