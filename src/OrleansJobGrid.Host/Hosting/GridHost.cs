using Orleans.Dashboard;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Gateway;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Sagas;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Starts a grid in this process: the composition root.</summary>
public static class GridHost
{
    /// <summary>Longer than any drain, so that it is the drain that ends a stop.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Opens the store, starts the roles asked for, and returns when all of them run.
    /// Throws <see cref="JobStoreException"/> where the store cannot be used, <see cref="GridSettingsException"/> for wrong
    /// settings, <see cref="IOException"/> where an address is in use.
    /// </summary>
    public static Task<RunningGrid> StartAsync(GridOptions options, CancellationToken cancellationToken) => StartAsync(options, null, cancellationToken);

    /// <param name="options">What it is started with.</param>
    /// <param name="change">Changes its services, for tests of what a grid is without one of its parts; null: nothing does.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    internal static async Task<RunningGrid> StartAsync(GridOptions options, Action<IServiceCollection>? change, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenAndStartAsync(options, change, cancellationToken);
        }
        catch (Exception e) when (GridSettingsException.IsCause(e))
        {
            throw GridSettingsException.Of(e);
        }
    }

    private static async Task<RunningGrid> OpenAndStartAsync(GridOptions options, Action<IServiceCollection>? change, CancellationToken cancellationToken)
    {
        using var configuration = new ConfigurationManager();
        GridConfiguration.Add(configuration, options);
        var settings = GridArtefacts.Settings(configuration);
        var artefacts = await GridArtefacts.OpenAsync(settings, options, cancellationToken);
        var store = await GridStores.OpenAsync(options, cancellationToken);
        try
        {
            await GridArtefacts.AgreeAsync(store, artefacts, cancellationToken);
            var app = Build(options, store, artefacts, settings, change);
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch
            {
                await app.DisposeAsync();
                throw;
            }

            return new(app, store, artefacts, options.Roles.Contains(GridOptions.Gateway));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(
        GridOptions options, IJobStore store, IArtefactStore artefacts, ArtefactOptions settings, Action<IServiceCollection>? change)
    {
        var builder = WebApplication.CreateSlimBuilder();
        GridConfiguration.Add(builder.Configuration, options);
        GridLogging.Configure(builder.Logging, options.Quiet);
        // The command line hears the signals; a second listener would stop the host without the drain.
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownLimit);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(artefacts);
        builder.Services.AddSingleton<IJobBodyReader, JobBodyReader>();
        builder.Services.AddSingleton<IOwnAddress, OwnAddress>();
        builder.Services.AddSingleton(settings);
        builder.Services.Configure<JobGridOptions>(builder.Configuration.GetSection("JobGrid"));
        var own = ConnectorSetup.Own(builder.Configuration);
        builder.Services.Configure<JobGridOptions>(o => ConnectorSetup.AddAttemptTimeouts(o, builder.Configuration, own));
        builder.UseOrleansFor(options);
        if (options.Roles.Contains(GridOptions.Worker))
        {
            builder.Services.AddConnectors(builder.Configuration, options, own);
            builder.Services.AddJobGridWorker();
        }

        var gateway = options.Roles.Contains(GridOptions.Gateway);
        if (gateway)
        {
            builder.Services.AddLinks(artefacts, settings);
            builder.Services.Configure<GatewayOptions>(builder.Configuration.GetSection("JobGrid:Gateway"));
            builder.Services.Configure<CallbackOptions>(builder.Configuration.GetSection("JobGrid:Callbacks"));
            builder.Services.AddJobGridGateway(o => o.Roles = [.. options.Roles.Order(StringComparer.Ordinal)]);
        }

        // Without the role nothing listens; the host is the same.
        builder.WebHost.UseUrls(gateway ? options.Urls : []);
        if (!gateway)
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        change?.Invoke(builder.Services);
        var app = builder.Build();
        if (gateway)
        {
            app.MapJobGrid();
            if (OrleansSetup.HasDashboard(app.Configuration))
                app.MapOrleansDashboard("/orleans").AddEndpointFilter<LoopbackOnly>().ExcludeFromDescription();
        }

        return app;
    }
}
