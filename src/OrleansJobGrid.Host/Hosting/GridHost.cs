using Orleans.Dashboard;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Artefacts.Callbacks;
using OrleansJobGrid.Gateway;
using OrleansJobGrid.Gateway.Hosting;
using OrleansJobGrid.Grains.Hosting;
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
        var artefacts = FolderArtefactStore.Open(Path.Combine(options.DataFolder, "artefacts"), TimeProvider.System);
        var store = await GridStores.OpenAsync(options, cancellationToken);
        try
        {
            await AgreeOnFolder(store, artefacts, cancellationToken);
            var app = Build(options, store, artefacts, change);
            try
            {
                await app.StartAsync(cancellationToken);
            }
            catch
            {
                await app.DisposeAsync();
                throw;
            }

            return new(app, store, options.Roles.Contains(GridOptions.Gateway));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(GridOptions options, IJobStore store, FolderArtefactStore artefacts, Action<IServiceCollection>? change)
    {
        var builder = WebApplication.CreateSlimBuilder();
        GridConfiguration.Add(builder.Configuration, options);
        GridLogging.Configure(builder.Logging, options.Quiet);
        // The command line hears the signals; a second listener would stop the host without the drain.
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = ShutdownLimit);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton<IArtefactStore>(artefacts);
        builder.Services.Configure<JobGridOptions>(builder.Configuration.GetSection("JobGrid"));
        builder.Services.Configure<JobGridOptions>(o => ConnectorSetup.AddAttemptTimeouts(o, builder.Configuration));
        builder.UseOrleansFor(options);
        if (options.Roles.Contains(GridOptions.Worker))
        {
            builder.Services.AddConnectors(builder.Configuration, options);
            builder.Services.AddJobGridWorker();
        }

        var gateway = options.Roles.Contains(GridOptions.Gateway);
        if (gateway)
        {
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

    /// <summary>The processes of a grid must see the same artefacts; two folders would lose outputs silently.</summary>
    private static async Task AgreeOnFolder(IJobStore store, FolderArtefactStore artefacts, CancellationToken cancellationToken)
    {
        var agreed = await store.AgreeAsync("artefact-folder", artefacts.FolderId, cancellationToken);
        if (agreed != artefacts.FolderId)
        {
            throw new JobStoreException(
                $"The artefacts of this grid lie in another folder than '{artefacts.Location}'. "
                + "Start every process of a grid with the same --data, on a shared folder where they run on several machines.");
        }
    }
}
