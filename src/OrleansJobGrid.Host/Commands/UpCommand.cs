using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.Host.Commands;

internal static class UpCommand
{
    /// <summary>Below the 30 s that orchestrators give after SIGTERM.</summary>
    private static readonly TimeSpan TerminationBudget = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan InterruptBudget = TimeSpan.FromSeconds(5);

    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var urls = new Option<string>("--urls")
        {
            Description = "Where the gateway listens; several are parted by ';'.",
            HelpName = "URLS",
            DefaultValueFactory = _ => GridConnection.DefaultUrl,
        };
        var (data, redis, cluster, slots) = (CommonOptions.Data(), CommonOptions.Redis(), CommonOptions.Cluster(), CommonOptions.Slots());
        var roles = new Option<string>("--roles")
        {
            Description = "What this process does: some of gateway, grid, worker.",
            HelpName = "ROLES",
            DefaultValueFactory = _ => "gateway,grid,worker",
        };
        var siloPort = new Option<int>("--silo-port") { Description = "Port between the processes of a cluster; 0: a free one.", HelpName = "N" };
        var config = new Option<string?>("--config") { Description = "A configuration file, JSON.", HelpName = "FILE" };
        var json = CommonOptions.Json("when ready, one line of JSON {\"ready\": true, \"url\": ...}");
        var command = new JobGridCommand(environment, "up", "Runs a grid until Ctrl+C.")
        {
            Notes = """
                It is ready when it says so and /health/ready answers 200. Without --redis everything lies in one SQLite file under
                --data, and one process is the whole grid; with --redis several processes, on several machines, make up one.
                Ctrl+C gives running jobs 5 s to end, SIGTERM 25 s; what is not done by then is handed back and lost to nobody.
                A second Ctrl+C ends the process at once.

                Examples:
                  jobgrid up
                  jobgrid up --redis 127.0.0.1:6379 --roles gateway,grid
                  jobgrid up --redis 127.0.0.1:6379 --roles worker --slots 2
                """,
            Options = { urls, data, redis, cluster, roles, slots, siloPort, config, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            var options = UpOptions.Check(new GridOptions
            {
                Urls = parse.GetRequiredValue(urls).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                DataFolder = parse.GetRequiredValue(data),
                Redis = parse.GetValue(redis),
                Cluster = parse.GetRequiredValue(cluster),
                Roles = parse.GetRequiredValue(roles).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToHashSet(),
                Slots = parse.GetValue(slots),
                SiloPort = parse.GetValue(siloPort),
                ConfigFile = parse.GetValue(config),
            });
            return await RunAsync(environment, options, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandEnvironment environment, GridOptions options, bool json, CancellationToken cancellationToken)
    {
        StartedGrid grid;
        try
        {
            grid = await environment.StartGrid(options, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }

        try
        {
            await SayReadyAsync(environment, options, grid, json, cancellationToken);
            await grid.Completion.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            environment.Error.WriteLine("Stopping. Running jobs may end; Ctrl+C ends at once.");
        }
        finally
        {
            await grid.StopAsync(environment.Stop.IsTermination ? TerminationBudget : InterruptBudget);
        }

        return ExitCode.Ok;
    }

    private static async Task SayReadyAsync(
        CommandEnvironment environment, GridOptions options, StartedGrid grid, bool json, CancellationToken cancellationToken)
    {
        GridHealth? health = null;
        if (grid.Url is not null)
        {
            using var connection = GridConnection.Open(grid.Url);
            health = await connection.Client.GetHealthAsync(cancellationToken);
        }

        var (url, store) = (grid.Url?.GetLeftPart(UriPartial.Authority), health?.Store);
        if (json)
        {
            JsonOutput.Line(environment.Out, new JsonObject
            {
                ["ready"] = true,
                ["url"] = url,
                ["roles"] = new JsonArray([.. options.Roles.Select(r => (JsonNode)r)]),
                ["pid"] = Environment.ProcessId,
                ["health"] = health is null ? null : JsonOutput.Node(health, JobGridJson.Default.GridHealth),
            });
            return;
        }

        var place = store is null ? options.Redis is null ? $"data in {options.DataFolder}" : "store on Redis" : $"store {store.Kind} at {store.Where}: {store.Durability}";
        environment.Out.WriteLine(Printable.Of($"Ready{(url is null ? "" : $" at {url}")} ({string.Join(", ", options.Roles)}), {place}"));
        environment.Out.Flush();
        foreach (var finding in (store?.Findings ?? []).Where(f => f.Warning is not null))
            environment.Error.WriteLine(Printable.Of($"Warning: {finding.Setting} = {finding.Value}: {finding.Warning}"));
    }
}
