using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.Host.Commands;

/// <summary>Refuses what cannot make up a grid, before anything is started.</summary>
internal static class UpOptions
{
    private static readonly string[] KnownRoles = ["gateway", "grid", "worker"];

    public static GridOptions Check(GridOptions options)
    {
        if (options.Roles.Count == 0 || options.Roles.FirstOrDefault(r => !KnownRoles.Contains(r)) is not null)
            throw CommandFailure.Usage(
                $"--roles is '{Printable.Of(string.Join(',', options.Roles))}', but the roles are gateway, grid and worker.",
                "Name some of them, parted by commas, such as --roles gateway,grid.");
        if (options.Redis is null && !options.Roles.Contains("grid"))
            throw CommandFailure.Usage(
                "A process without the role grid has nothing to join: with SQLite the whole grid is one process.",
                "Name the cluster's Redis with --redis, or add the role grid.");
        if (options.Urls.Length == 0)
            throw CommandFailure.Usage("--urls names no address.", $"Write it like {GridConnection.DefaultUrl}.");
        foreach (var url in options.Urls)
        {
            // '*' and '+' stand for all addresses of the machine, as the server understands them.
            var host = url.Replace("://*", "://0.0.0.0").Replace("://+", "://0.0.0.0");
            if (!Uri.TryCreate(host, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.AbsolutePath != "/")
                throw CommandFailure.Usage($"--urls holds '{Printable.Of(url)}', which is no address to listen on.", $"Write it like {GridConnection.DefaultUrl}.");
            if (address.Scheme == "https")
                throw CommandFailure.Usage($"--urls holds '{Printable.Of(url)}', but TLS is not built in.", "Listen on http:// and put a proxy that speaks TLS in front.");
        }

        if (options.SiloPort is < 0 or > 65535)
            throw CommandFailure.Usage($"--silo-port is {options.SiloPort}.", "A port goes from 1 to 65535; 0 takes a free one.");
        if (options.ConfigFile is { } config && !File.Exists(config))
            throw CommandFailure.Usage($"There is no configuration file '{Printable.Of(config)}'.", "Correct the path of --config, or leave it off.");
        if (string.IsNullOrWhiteSpace(options.Cluster))
            throw CommandFailure.Usage("--cluster is empty.", "Give the cluster a name, or leave the option off.");
        return options;
    }
}
