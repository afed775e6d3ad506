using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Gateway.Artefacts;
using OrleansJobGrid.Gateway.Callbacks;
using OrleansJobGrid.Gateway.Grains;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Gateway.Operations;

namespace OrleansJobGrid.Gateway;

/// <summary>Registers the HTTP edge.</summary>
public static class GatewayServices
{
    /// <summary>
    /// Adds what <see cref="GatewayRoutes.MapJobGrid"/> needs. The host brings an Orleans client or a silo
    /// (<see cref="IGrainFactory"/>), an <see cref="IArtefactStore"/>, and for signed links an <see cref="ILinkSigner"/> or a <see cref="LinkKey"/>.
    /// </summary>
    public static IServiceCollection AddJobGridGateway(this IServiceCollection services, Action<GatewayOptions>? configure = null)
    {
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddOptions<GatewayOptions>().Configure(options => configure?.Invoke(options)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<CallbackOptions>, CallbackOptionsValidator>();
        services.AddOptions<CallbackOptions>().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IGridGrains, ClusterGridGrains>();
        services.TryAddSingleton<IJobIdSource, Version7JobIds>();
        services.TryAddSingleton<JobIntake>();
        services.TryAddSingleton(new ArtefactOptions());
        services.TryAddSingleton<ArtefactLinks>();
        services.TryAddSingleton<HealthEndpoints.GridCheck>();
        return services.AddGridOpenApi();
    }
}
