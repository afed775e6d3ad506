using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using OrleansJobGrid.Gateway.Json;

namespace OrleansJobGrid.Gateway.Hosting;

/// <summary>The document at <c>/openapi/v1.json</c>.</summary>
internal static class GridOpenApi
{
    public const string DocumentName = "v1";

    public static IServiceCollection AddGridOpenApi(this IServiceCollection services)
    {
        // The schemas are made from the JSON metadata of the application, so its names must be those of the answers.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, GatewayJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi(DocumentName, options =>
        {
            options.AddDocumentTransformer((document, context, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "OrleansJobGrid",
                    Version = context.ApplicationServices.GetRequiredService<IOptions<GatewayOptions>>().Value.Version,
                    Description = "A job grid for GPU work. Errors are problem details (RFC 9457) that name the field and the mend.",
                };
                return Task.CompletedTask;
            });
            options.AddSchemaTransformer((schema, context, _) =>
            {
                var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
                if (type == typeof(IsoTime))
                {
                    schema.Type = context.JsonTypeInfo.Type == type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
                    schema.Format = "date-time";
                }

                return Task.CompletedTask;
            });
        });
        return services;
    }
}
