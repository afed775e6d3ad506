using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansJobGrid.Contracts.Hosting;

/// <summary>The grid's exceptions on the wire.</summary>
public static class GridFaultExtensions
{
    /// <summary>
    /// Lets the grid's own exceptions keep their type and message between silos and clients; without it a caller elsewhere learns only
    /// that a type could not be serialized. For every silo and every client.
    /// </summary>
    public static IServiceCollection AddGridFaults(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(o =>
        {
            o.SupportedNamespacePrefixes.Add(nameof(OrleansJobGrid));
            // What lies inside of a fault of the store: a fault that cannot be sent would hide the one that matters.
            o.SupportedNamespacePrefixes.Add("StackExchange.Redis");
            o.SupportedNamespacePrefixes.Add("Pipelines.Sockets");
        });
}
