using System.Globalization;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class DemandCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"demand\": [...]}"));
        var command = new JobGridCommand(environment, "demand", "Shows what waits by capability class, and how many workers it wants.")
        {
            Notes = "WORK is the waiting work in time of one slot, from measured run times. WANTED is how many workers would start all of it within the\n"
                + "target wait (JobGrid:TargetWait, 60 s). PAUSED counts jobs of paused queues, which no other figure does. Autoscalers read the same from\n"
                + "GET /api/demand and /metrics.",
            Options = { url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var list = await grid.Impatient.GetDemandAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.DemandList);
                return ExitCode.Ok;
            }

            var table = new TextTable("CLASS", "JOBS", "WORK", "OLDEST", "WORKERS", "WANTED", "PAUSED");
            foreach (var d in list.Demand)
                table.Add(d.Class, d.Jobs.ToString(CultureInfo.InvariantCulture),
                    d.Jobs == 0 ? null : Durations.About(d.WorkSeconds), d.Jobs == 0 ? null : Durations.About(d.OldestSeconds),
                    d.Workers.ToString(CultureInfo.InvariantCulture), d.WantedWorkers.ToString(CultureInfo.InvariantCulture),
                    d.PausedJobs == 0 ? null : d.PausedJobs.ToString(CultureInfo.InvariantCulture));
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }
}
