using System.Reflection;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Workers.Execution;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>The connectors of this program's workers.</summary>
internal static class ConnectorSetup
{
    /// <summary>Each service's own longest attempt, unless the configuration names one.</summary>
    public static void AddAttemptTimeouts(JobGridOptions options)
    {
        options.AttemptTimeouts.TryAdd("imaging", TimeSpan.FromMinutes(10));
        options.AttemptTimeouts.TryAdd("process", TimeSpan.FromHours(1));
        options.AttemptTimeouts.TryAdd("simulation", TimeSpan.FromHours(1));
    }

    public static void AddConnectors(this IServiceCollection services, IConfiguration configuration, GridOptions options)
    {
        services.AddSingleton<IConnector>(new ImagingConnector(configuration.GetSection("JobGrid:Imaging").Get<ImagingOptions>()));
        services.AddSingleton<IConnector>(new SimulationConnector(configuration.GetSection("JobGrid:Simulation").Get<SimulationOptions>() ?? new(), TimeProvider.System));
        services.AddSingleton(new WorkerProcess(ProcessIdentity.Current, Version));
        services.Configure<Workers.Hosting.WorkerOptions>(configuration.GetSection("JobGrid:Worker"));
    }

    private static string Version =>
        typeof(ConnectorSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
