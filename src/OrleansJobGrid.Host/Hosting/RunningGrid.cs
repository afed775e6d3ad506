using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>A grid that runs in this process.</summary>
public sealed class RunningGrid : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IJobStore _store;
    private readonly IArtefactStore _artefacts;

    internal RunningGrid(WebApplication app, IJobStore store, IArtefactStore artefacts, bool gateway)
    {
        _app = app;
        _store = store;
        _artefacts = artefacts;
        Url = gateway ? new Uri(app.Urls.First()) : null;
        Completion = app.WaitForShutdownAsync();
    }

    /// <summary>Where its gateway listens; null without that role.</summary>
    public Uri? Url { get; }

    /// <summary>Ends when the grid has ended.</summary>
    public Task Completion { get; }

    /// <summary>Lets running jobs end within the budget (or the configured one, if that is shorter), hands back the others, and stops.</summary>
    public async Task StopAsync(TimeSpan drainBudget)
    {
        foreach (var worker in _app.Services.GetServices<WorkerSettings>().Where(w => drainBudget < w.Options.DrainBudget))
            worker.Options.DrainBudget = drainBudget;
        await _app.StopAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _store.DisposeAsync();
        (_artefacts as IDisposable)?.Dispose();
    }
}
