using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.Host.Commands;

internal static class DoctorCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document"));
        var (redis, cluster) = (CommonOptions.Redis(), CommonOptions.Cluster());
        var data = new Option<string?>("--data") { Description = "Folder of a SQLite store that no grid runs on.", HelpName = "DIR" };
        var command = new JobGridCommand(environment, "doctor", "Looks whether a grid or a store is sound.")
        {
            Notes = """
                With --data or --redis it opens the store, tells what an acknowledged write survives there, and compares all
                records with their indexes. Otherwise it asks the running grid for its health.
                Exit code 0: sound, or degraded with the reasons shown. 3: faults were found, or the grid is down.
                """,
            Options = { url, data, redis, cluster, json },
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { url, data, redis }.Count(option => result.GetResult(option) is { Implicit: false }) > 1)
                result.AddError("Give one of --url, --data and --redis.");
        });
        command.Runs(async (parse, cancellationToken) =>
        {
            if (parse.GetValue(data) is null && parse.GetValue(redis) is null)
                return await AskAsync(environment, parse.GetValue(url), parse.GetValue(json), cancellationToken);
            var options = new GridOptions { Redis = parse.GetValue(redis), Cluster = parse.GetRequiredValue(cluster), Quiet = true };
            if (parse.GetValue(data) is { } folder)
            {
                // Opening makes a store where there is none; a doctor must not.
                if (!Directory.Exists(folder))
                    throw CommandFailure.Usage($"There is no folder '{folder}'.", "Name the data folder of a grid with --data.");
                options = options with { DataFolder = folder };
            }

            return await CheckAsync(environment, options, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> AskAsync(CommandEnvironment environment, string? url, bool json, CancellationToken cancellationToken)
    {
        using var grid = GridConnection.Open(url, environment);
        var health = await grid.Impatient.GetHealthAsync(cancellationToken);
        if (json)
            JsonOutput.Document(environment.Out, health, JobGridJson.Default.GridHealth);
        else
            HealthText.Write(environment.Out, health);
        return health.Status == "down" ? ExitCode.Grid : ExitCode.Ok;
    }

    private static async Task<int> CheckAsync(CommandEnvironment environment, GridOptions options, bool json, CancellationToken cancellationToken)
    {
        await using var store = await environment.OpenStore(options, cancellationToken);
        var found = store.Description;
        if (!json)
        {
            HealthText.Write(environment.Out, found.Kind, found.Where, found.Durability, found.Findings.Select(f => (f.Setting, (string?)f.Value, f.Warning)));
            var count = await environment.CheckStore(store, environment.Out, cancellationToken);
            environment.Out.WriteLine(count == 0 ? "checked:    sound" : $"checked:    {count} faults");
            return count == 0 ? ExitCode.Ok : ExitCode.Grid;
        }

        using var report = new StringWriter();
        var faults = await environment.CheckStore(store, report, cancellationToken);
        var lines = report.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var document = new JsonObject
        {
            ["store"] = new JsonObject
            {
                ["kind"] = found.Kind,
                ["where"] = found.Where,
                ["durability"] = found.Durability,
                ["findings"] = new JsonArray([.. found.Findings.Select(f =>
                    new JsonObject { ["setting"] = f.Setting, ["value"] = f.Value, ["warning"] = f.Warning })]),
            },
            ["faults"] = faults,
            ["report"] = new JsonArray([.. lines.Select(l => (JsonNode)l)]),
        };
        environment.Out.WriteLine(document.ToJsonString(new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true }));
        return faults == 0 ? ExitCode.Ok : ExitCode.Grid;
    }
}
