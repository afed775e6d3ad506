using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Puts a worker into a silo's process.</summary>
public static class WorkerServiceExtensions
{
    /// <summary>
    /// Adds the worker. The caller registers its <c>IConnector</c>s, <c>IArtefactStore</c> and <see cref="WorkerProcess"/>. Call it
    /// after the silo was added, so that the worker leaves before the silo stops.
    /// </summary>
    public static IServiceCollection AddJobGridWorker(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<WorkerOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        services.AddOptions<FailureOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<FailureOptions>, FailureOptionsValidator>();
        services.TryAddSingleton(s => new FailureClassifier(FailureRuleReader.Read(s.GetRequiredService<IOptions<FailureOptions>>().Value, out _)));
        services.AddSingleton<FailureReporting>();
        services.AddSingleton<InstanceBreakers>();
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<AttemptPulse>();
        services.AddHostedService<WorkerAgent>();
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
