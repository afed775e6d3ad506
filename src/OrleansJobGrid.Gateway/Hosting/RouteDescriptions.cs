using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;
using OrleansJobGrid.Gateway.Json;
using OrleansJobGrid.Gateway.Problems;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>What the OpenAPI document says of a route.</summary>
internal static class RouteDescriptions
{
    public static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string tag, string summary, string? description = null)
    {
        route.WithTags(tag).WithSummary(summary);
        return description is null ? route : route.WithDescription(description);
    }

    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, int status, string contentType = JsonAnswer.ContentType) =>
        route.Produces<T>(status, contentType);

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder route, params int[] statuses)
    {
        foreach (var status in statuses)
            route.Produces<ProblemDocument>(status, GridProblem.ContentType);
        return route;
    }

    /// <summary>
    /// The body's schema. Not by <c>Accepts</c>: that would also route by the content type, and a wrong one would end in a 404 instead of
    /// an answer that names the right one.
    /// </summary>
    public static RouteHandlerBuilder TakesBody<T>(this RouteHandlerBuilder route, params string[] contentTypes) => TakesBody<T>(route, true, contentTypes);

    /// <summary>The schema of a body that may be left out.</summary>
    public static RouteHandlerBuilder TakesOptionalBody<T>(this RouteHandlerBuilder route, params string[] contentTypes) => TakesBody<T>(route, false, contentTypes);

    private static RouteHandlerBuilder TakesBody<T>(RouteHandlerBuilder route, bool required, string[] contentTypes) =>
        route.AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(T), null, cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = required,
                Content = contentTypes.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = schema }),
            };
        });

    public static RouteHandlerBuilder TakesBytes(this RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            var bytes = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/octet-stream"] = bytes },
            };
            return Task.CompletedTask;
        });

    public static RouteHandlerBuilder TakesIdempotencyKey(this RouteHandlerBuilder route) =>
        route.TakesParameter("Idempotency-Key", ParameterLocation.Header,
            "1 to 255 visible ASCII characters; with it and without an id, the same request again is a replay");

    public static RouteHandlerBuilder TakesQuery(this RouteHandlerBuilder route, string name, string description) =>
        route.TakesParameter(name, ParameterLocation.Query, description);

    private static RouteHandlerBuilder TakesParameter(this RouteHandlerBuilder route, string name, ParameterLocation place, string description) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name,
                In = place,
                Description = description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            return Task.CompletedTask;
        });
}
