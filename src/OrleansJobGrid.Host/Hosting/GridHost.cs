using OrleansJobGrid.Storage;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>What a grid process is started with.</summary>
public sealed record GridOptions
{
    /// <summary>Addresses that the gateway listens on.</summary>
    public string[] Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>Folder of the store and the artefacts.</summary>
    public string DataFolder { get; init; } = "./data";

    /// <summary>Redis in place of SQLite: <c>HOST:PORT</c> or a <c>redis[s]://</c> URL.</summary>
    public string? Redis { get; init; }

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; init; } = "jobgrid";

    /// <summary>Some of <c>gateway</c>, <c>grid</c>, <c>worker</c>.</summary>
    public IReadOnlySet<string> Roles { get; init; } = new HashSet<string> { "gateway", "grid", "worker" };

    /// <summary>Jobs that the worker runs at once; null: its own default.</summary>
    public int? Slots { get; init; }

    /// <summary>Port between silos; 0: a free one.</summary>
    public int SiloPort { get; init; }

    /// <summary>A configuration file.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Logs only warnings, to standard error.</summary>
    public bool Quiet { get; init; }
}

/// <summary>Starts a grid in this process.</summary>
public static class GridHost
{
    /// <summary>Starts it and returns when it is ready.</summary>
    public static Task<RunningGrid> StartAsync(GridOptions options, CancellationToken cancellationToken) =>
        throw new JobStoreException("The grid itself is not built into this version yet.");
}

/// <summary>A grid that runs in this process.</summary>
public sealed class RunningGrid : IAsyncDisposable
{
    /// <summary>Where its gateway listens; null without that role.</summary>
    public Uri? Url => null;

    /// <summary>Ends when the grid has ended, with its fault if it had one.</summary>
    public Task Completion => Task.CompletedTask;

    /// <summary>Drains within the budget and stops.</summary>
    public Task StopAsync(TimeSpan drainBudget) => Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
