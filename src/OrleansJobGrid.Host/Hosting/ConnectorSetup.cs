using System.Reflection;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.A1111;
using OrleansJobGrid.Connectors.ComfyUi;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Connectors.Http;
using OrleansJobGrid.Connectors.Imaging;
using OrleansJobGrid.Connectors.Processes;
using OrleansJobGrid.Connectors.Rest;
using OrleansJobGrid.Connectors.Simulation;
using OrleansJobGrid.Connectors.WebSockets;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Recovery;
using OrleansJobGrid.Host.Connectors;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using WebSocketOptions = OrleansJobGrid.Connectors.WebSockets.WebSocketOptions;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>The connectors of this program's workers.</summary>
internal static class ConnectorSetup
{
    /// <summary>Within this a guard has ended the children of a dead worker.</summary>
    private static readonly TimeSpan GuardLimit = TimeSpan.FromSeconds(1);

    /// <summary>Each service's own longest attempt, unless the configuration names one.</summary>
    public static void AddAttemptTimeouts(JobGridOptions options, IConfiguration configuration, IReadOnlyList<OwnConnector> own)
    {
        foreach (var connector in own.Select(o => o.Connector))
            options.AttemptTimeouts.TryAdd(connector.Service, connector.DefaultAttemptTimeout);
        foreach (var connector in BuiltIn())
            options.AttemptTimeouts.TryAdd(connector.Service, connector.DefaultAttemptTimeout);
        options.AttemptTimeouts.TryAdd(ComfyUiConnector.ServiceName, ComfyUiSettings(configuration).AttemptTimeout);
        options.AttemptTimeouts.TryAdd(A1111Connector.ServiceName, A1111Settings(configuration).AttemptTimeout);
        foreach (var (service, settings) in HttpSettings(configuration).Services)
            options.AttemptTimeouts.TryAdd(service, settings.AttemptTimeout);
        foreach (var (service, settings) in WebSocketSettings(configuration).Services)
            options.AttemptTimeouts.TryAdd(service, settings.AttemptTimeout);
        foreach (var (service, settings) in RestSettings(configuration).Services)
            options.AttemptTimeouts.TryAdd(service, settings.AttemptTimeout);
    }

    /// <summary>Connectors in assemblies of their own, loaded and checked. Throws <see cref="GridSettingsException"/>.</summary>
    public static IReadOnlyList<OwnConnector> Own(IConfiguration configuration) =>
        OwnConnectors.Load(
            configuration,
            [.. OwnNames, .. HttpSettings(configuration).Services.Keys, .. RestSettings(configuration).Services.Keys, .. WebSocketSettings(configuration).Services.Keys]);

    public static void AddConnectors(this IServiceCollection services, IConfiguration configuration, GridOptions options, IReadOnlyList<OwnConnector> own)
    {
        foreach (var connector in own)
            services.AddSingleton(connector.Connector);
        services.AddSingleton(new ConnectorOrigins(own.ToDictionary(o => o.Connector.Service, o => new ConnectorProfile(o.Connector.Service, o.Version, Path.GetFileName(o.File)))));
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
        if (ComfyUiSettings(configuration, options.DataFolder) is { Instances.Count: > 0 } comfyUi)
            services.AddSingleton<IConnector>(_ => new ComfyUiConnector(comfyUi, TimeProvider.System));
        if (A1111Settings(configuration) is { Instances.Count: > 0 } a1111)
            services.AddSingleton<IConnector>(_ => new A1111Connector(a1111, TimeProvider.System));
        var callbacks = CallbackSettings(configuration);
        foreach (var (service, settings) in HttpSettings(configuration).Services)
            services.AddSingleton<IConnector>(s => new HttpConnector(service, settings, TimeProvider.System, new HttpCallbacks(callbacks, s.GetRequiredService<IArtefactStore>())));
        foreach (var (service, settings) in WebSocketSettings(configuration).Services)
            services.AddSingleton<IConnector>(_ => new WebSocketConnector(service, settings, TimeProvider.System));
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
        var errors = RestOptionsCheck.Errors(options).Concat(Taken("JobGrid:Rest", options.Services.Keys)).ToList();
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    /// <summary>The services outside that are described by their requests, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static HttpOptions HttpSettings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:Http").Get<HttpOptions>() ?? new();
        var errors = HttpOptionsCheck.Errors(options).Concat(Taken("JobGrid:Http", options.Services.Keys))
            .Concat(options.Services.Keys.Intersect(RestSettings(configuration).Services.Keys).Select(s => $"JobGrid:Http:Services:{s} is the name of a service of JobGrid:Rest too; choose another."))
            .Concat(WithoutCallbacks(options, CallbackSettings(configuration)))
            .ToList();
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    /// <summary>Where services call back, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static CallbackOptions CallbackSettings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:Callbacks").Get<CallbackOptions>() ?? new();
        var errors = options.Errors().ToList();
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    /// <summary>Services that are given an address that is not set.</summary>
    private static IEnumerable<string> WithoutCallbacks(HttpOptions options, CallbackOptions callbacks)
    {
        var missing = new[] { (Name: "Address", callbacks.Address), (Name: "Key", Address: callbacks.Key) }.Where(s => s.Address.Length == 0).Select(s => $"JobGrid:Callbacks:{s.Name}").ToList();
        return missing.Count == 0
            ? []
            : options.Services.Where(s => HttpOptionsCheck.NamesCallback(s.Value)).Select(s => $"JobGrid:Http:Services:{s.Key}:Submit names {{{{callback}}}}, which needs {string.Join(" and ", missing)}.");
    }

    /// <summary>The services outside that are described by their messages, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static WebSocketOptions WebSocketSettings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:WebSocket").Get<WebSocketOptions>() ?? new();
        var others = RestSettings(configuration).Services.Keys.Select(s => (Section: "Rest", Name: s)).Concat(HttpSettings(configuration).Services.Keys.Select(s => (Section: "Http", Name: s)));
        var errors = WebSocketOptionsCheck.Errors(options).Concat(Taken("JobGrid:WebSocket", options.Services.Keys))
            .Concat(others.Where(o => options.Services.ContainsKey(o.Name)).Select(o => $"JobGrid:WebSocket:Services:{o.Name} is the name of a service of JobGrid:{o.Section} too; choose another."))
            .ToList();
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    private static IEnumerable<string> Taken(string section, IEnumerable<string> names) =>
        OwnNames.Intersect(names).Select(b => $"{section}:Services:{b} is the name of a built-in service; choose another.");

    /// <summary>The ComfyUI servers, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static ComfyUiOptions ComfyUiSettings(IConfiguration configuration, string dataFolder = ".")
    {
        var options = configuration.GetSection("JobGrid:ComfyUi").Get<ComfyUiOptions>() ?? new();
        if (options.WorkFolder.Length == 0)
            options.WorkFolder = Path.GetFullPath(Path.Combine(dataFolder, "comfyui"));
        var errors = ComfyUiOptionsCheck.Errors(options);
        return errors.Count == 0 ? options : throw new GridSettingsException(string.Join(" ", errors));
    }

    /// <summary>The AUTOMATIC1111 servers, checked. Throws <see cref="GridSettingsException"/>.</summary>
    internal static A1111Options A1111Settings(IConfiguration configuration)
    {
        var options = configuration.GetSection("JobGrid:A1111").Get<A1111Options>() ?? new();
        var errors = A1111OptionsCheck.Errors(options);
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

    /// <summary>Services that are this program's, whether they are configured or not.</summary>
    private static IEnumerable<string> OwnNames => BuiltIn().Select(b => b.Service).Append(ComfyUiConnector.ServiceName).Append(A1111Connector.ServiceName);

    private static IConnector[] BuiltIn() =>
        [new ImagingConnector(), new ProcessConnector(new(), TimeProvider.System), new SimulationConnector(new(), TimeProvider.System)];

    private static string Version =>
        typeof(ConnectorSetup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
