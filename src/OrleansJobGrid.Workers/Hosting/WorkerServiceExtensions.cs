using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Puts workers into a silo's process.</summary>
public static class WorkerServiceExtensions
{
    /// <summary>
    /// Adds the workers. The caller registers its <c>IConnector</c>s, <c>IArtefactStore</c>, <see cref="WorkerProcess"/>,
    /// <see cref="IGpuProbe"/>, one <see cref="WorkerSettings"/> or several, and, where the room of a disk counts, a
    /// <see cref="WorkFolder"/>. Call it after the silo was added, so that the workers leave before the silo stops
    /// and speak to grains in their process without messages.
    /// </summary>
    public static IServiceCollection AddJobGridWorker(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new ArtefactOptions());
        services.AddOptions<WorkerOptions>().ValidateOnStart();
        services.AddSingleton<WorkerPlanner>();
        services.AddSingleton<IValidateOptions<WorkerOptions>>(s => s.GetRequiredService<WorkerPlanner>());
        services.AddOptions<FailureOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<FailureOptions>, FailureOptionsValidator>();
        services.TryAddSingleton(s => new FailureClassifier(FailureRuleReader.Read(s.GetRequiredService<IOptions<FailureOptions>>().Value, out _)));
        services.AddSingleton<FailureReporting>();
        services.AddSingleton<GpuMonitor>();
        services.TryAddSingleton<IWorkerLink, RemoteLink>();
        services.AddHostedService<NodeAgent>();
        return services;
    }
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;

internal sealed class FailureOptionsValidator : IValidateOptions<FailureOptions>
{
    public ValidateOptionsResult Validate(string? name, FailureOptions options)
    {
        FailureRuleReader.Read(options, out var errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
