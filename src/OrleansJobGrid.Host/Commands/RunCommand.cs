using System.CommandLine;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Hosting;
using OrleansJobGrid.Host.JobFiles;
using OrleansJobGrid.Host.Sagas;

namespace OrleansJobGrid.Host.Commands;

internal static class RunCommand
{
    private static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(5);

    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (file, url, slots) = (CommonOptions.JobFile(), CommonOptions.Url(), CommonOptions.Slots());
        url.Description = "The grid's address. Default: JOBGRID_URL, else a grid of its own for this run.";
        slots.Description = "Jobs that a grid of its own runs at once. Default: what this machine bears.";
        var output = new Option<string?>("--out") { Description = "Folder for what the jobs make. Default: ./out/JOB_ID for each job.", HelpName = "DIR" };
        var json = CommonOptions.Json("at the end, one JSON document {\"jobs\": [{job, files}], \"refused\": [...]}");
        var command = new JobGridCommand(environment, "run", "Submits the jobs or the saga of a file, shows their progress, and fetches what they make.")
        {
            Notes = JobFileNotes.Text + """


                With --out DIR all files go to DIR itself, and files of an earlier run are replaced. If two jobs would make a file of
                one name there, the job file is refused; where that shows only afterwards, the later one goes to DIR/JOB_ID.
                Without --url and JOBGRID_URL a grid is started for this run alone; its data stays in a folder under ./data/run.
                Ctrl+C cancels the jobs (1).

                Examples:
                  jobgrid run samples/resize.json
                  jobgrid run saga.yaml
                  jobgrid run jobs.json --url http://127.0.0.1:8080 --out pictures
                """,
            Arguments = { file },
            Options = { url, output, slots, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            var (path, asJson, folder) = (parse.GetRequiredValue(file), parse.GetValue(json), parse.GetValue(output));
            Func<GridConnection, Task<int>> run;
            if (SagaSubmissionFile.Is(path))
            {
                var saga = SagaSubmissionFile.Read(path);
                run = grid => new SagaRun(environment, grid, folder, asJson).RunAsync(saga, cancellationToken);
            }
            else
            {
                var jobs = JobFileReader.Read(path);
                var plan = new OutputPlan(folder);
                plan.CheckClashes(jobs);
                run = grid => new JobRun(environment, grid, plan, asJson).RunAsync(jobs, cancellationToken);
            }

            if (GridConnection.NamedUrl(parse.GetValue(url), environment) is not null)
            {
                if (parse.GetValue(slots) is not null)
                    throw CommandFailure.Usage("--slots is for a grid of its own, but --url or JOBGRID_URL names another.", "Leave one of them off.");
                using var named = GridConnection.Open(parse.GetValue(url), environment);
                await named.Impatient.GetHealthAsync(cancellationToken);
                return await run(named);
            }

            return await OnOwnGridAsync(environment, run, parse.GetValue(slots), asJson, cancellationToken);
        });
        return command;
    }

    private static async Task<int> OnOwnGridAsync(
        CommandEnvironment environment, Func<GridConnection, Task<int>> run, int? slots, bool json, CancellationToken cancellationToken)
    {
        var stamp = $"{environment.TimeProvider.GetUtcNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}";
        var options = new GridOptions
        {
            Urls = ["http://127.0.0.1:0"],
            DataFolder = Path.Combine(".", "data", "run", stamp),
            Slots = slots,
            Quiet = true,
        };
        var own = await environment.StartGrid(options, cancellationToken);
        try
        {
            if (own.Url is null)
                throw new CommandFailure(ExitCode.Grid, "The grid of this run has no address.");
            if (!json)
                environment.Out.WriteLine($"A grid of its own runs for this at {own.Url.GetLeftPart(UriPartial.Authority)}, its data in {options.DataFolder}");
            using var grid = GridConnection.Open(own.Url);
            return await run(grid);
        }
        finally
        {
            await own.StopAsync(StopBudget);
        }
    }
}
