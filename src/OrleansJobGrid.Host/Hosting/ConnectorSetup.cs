using System.Reflection;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>The connectors of this program's workers.</summary>
internal static class ConnectorSetup
{
    /// <summary>Within this a guard has ended the children of a dead worker.</summary>
    private static readonly TimeSpan GuardLimit = TimeSpan.FromSeconds(1);

    /// <summary>Each service's own longest attempt, unless the configuration names one.</summary>
    public static void AddAttemptTimeouts(JobGridOptions options, IConfiguration configuration)
    {
        foreach (var connector in BuiltIn())
            options.AttemptTimeouts.TryAdd(connector.Service, connector.DefaultAttemptTimeout);
        foreach (var (service, settings) in RestSettings(configuration).Services)
            options.AttemptTimeouts.TryAdd(service, settings.AttemptTimeout);
    }

    public static void AddConnectors(this IServiceCollection services, IConfiguration configuration, GridOptions options)
    {
        services.AddSingleton<IConnector>(new ImagingConnector(configuration.GetSection("JobGrid:Imaging").Get<ImagingOptions>()));
        services.AddSingleton<IConnector>(new SimulationConnector(SimulationSettings(configuration), TimeProvider.System));
        var processes = configuration.GetSection("JobGrid:Process").Get<ProcessOptions>() ?? new();
        if (processes.WorkFolder.Length == 0)
            processes.WorkFolder = Path.GetFullPath(Path.Combine(options.DataFolder, "process"));
        var lease = configuration.GetSection("JobGrid").Get<JobGridOptions>()?.Lease ?? new JobGridOptions().Lease;
        if (processes.GuardSilence > lease)
        {
            throw new GridSettingsException(
                $"JobGrid:Process:GuardSilence ({processes.GuardSilence}) is longer than JobGrid:Lease ({lease}): a program could outlive its job's lease");
        }

        services.AddSingleton<IConnector>(new ProcessConnector(processes, TimeProvider.System));
        foreach (var (service, settings) in RestSettings(configuration).Services)
            services.AddSingleton<IConnector>(_ => new RestConnector(service, settings, TimeProvider.System));
        services.AddSingleton(new WorkerProcess(ProcessIdentity.Current, Version));
        services.AddSingleton(new WorkFolder(options.DataFolder));
        services.AddSingleton<IGpuProbe, NvmlProbe>();
        foreach (var worker in WorkerSettings.Read(configuration))
        {
            worker.Options.Linger = GuardLimit;
            services.AddSingleton(worker);
        }

        services.Configure<FailureOptions>(configuration.GetSection("JobGrid:Failures"));
    }

    /// <summary>The services outside, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static RestOptions RestSettings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:Rest").Get<RestOptions>() ?? new();
        var errors = RestOptionsCheck.Errors(options)
            .Concat(BuiltIn().Where(b => options.Services.ContainsKey(b.Service)).Select(b => $"JobGrid:Rest:Services:{b.Service} is the name of a built-in service; choose another."))
            .ToList();
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    private static SimulationOptions SimulationSettings(IConfiguration configuration)
    {
        var simulation = configuration.GetSection("JobGrid:Simulation").Get<SimulationOptions>() ?? new();
        if (simulation.ModelsKept is < 1 or > 1_000)
            throw new GridSettingsException($"JobGrid:Simulation:ModelsKept is {simulation.ModelsKept}; give 1 to 1000");
        if (simulation.GpuMemoryMb < 1)
            throw new GridSettingsException($"JobGrid:Simulation:GpuMemoryMb is {simulation.GpuMemoryMb}; give 1 or more, or leave it out");
        return simulation;
    }

    private static IConnector[] BuiltIn() =>
        [new ImagingConnector(), new ProcessConnector(new(), TimeProvider.System), new SimulationConnector(new(), TimeProvider.System)];

    private static string Version =>
        typeof(ConnectorSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
