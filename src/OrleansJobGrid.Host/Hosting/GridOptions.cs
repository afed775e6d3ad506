namespace OrleansJobGrid.Host.Hosting;

/// <summary>What a grid process is started with.</summary>
public sealed record GridOptions
{
    public const string Gateway = "gateway";
    public const string Grid = "grid";
    public const string Worker = "worker";

    /// <summary>Addresses that the gateway listens on.</summary>
    public string[] Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>Folder of the store and the artefacts.</summary>
    public string DataFolder { get; init; } = "./data";

    /// <summary>Redis in place of SQLite: <c>HOST:PORT</c> or a <c>redis[s]://</c> URL.</summary>
    public string? Redis { get; init; }

    /// <summary>The cluster's name.</summary>
    public string Cluster { get; init; } = "jobgrid";

    /// <summary>Some of <c>gateway</c>, <c>grid</c>, <c>worker</c>.</summary>
    public IReadOnlySet<string> Roles { get; init; } = new HashSet<string> { Gateway, Grid, Worker };

    /// <summary>Jobs that the worker runs at once; null: its own default.</summary>
    public int? Slots { get; init; }

    /// <summary>Port between silos; 0: a free one.</summary>
    public int SiloPort { get; init; }

    /// <summary>A configuration file.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Logs only warnings.</summary>
    public bool Quiet { get; init; }

    /// <summary>Whether this process is a silo, and not only a client of the cluster.</summary>
    internal bool IsSilo => Roles.Contains(Grid) || Roles.Contains(Worker);
}
