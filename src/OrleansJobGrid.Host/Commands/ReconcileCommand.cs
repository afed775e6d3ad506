using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid reconcile</c>: compares what other systems say of jobs with the grid.</summary>
internal static class ReconcileCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("the report as one JSON document"));
        var dry = new Option<bool>("--dry-run") { Description = "Only reports." };
        var source = new Option<string?>("--source") { Description = "Puts right only this system (default: all).", HelpName = "NAME" };
        var last = new Option<bool>("--last") { Description = "Shows the last report instead of comparing." };
        var command = new JobGridCommand(environment, "reconcile", "Compares the states that other systems keep with the grid, and puts them right.")
        {
            Notes = """
                The systems are named in JobGrid:Reconciliation:Sources (docs/reconciliation.md). The grid is believed first, then the system of the
                lowest rank that knows the job; of one system the newest word. Exits with 1 where something differs and was not put right.

                Examples:
                  jobgrid reconcile --dry-run
                  jobgrid reconcile --source api
                """,
            Options = { dry, source, last, url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var report = parse.GetValue(last)
                ? await grid.Impatient.GetReconciliationAsync(cancellationToken)
                : await grid.Client.ReconcileAsync(parse.GetValue(dry), parse.GetValue(source), cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, report, JobGridJson.Default.Reconciliation);
            else
                Write(environment, report);
            return report.DifferenceCount > report.Repaired || report.Sources.Any(s => s.Fault is not null) ? ExitCode.JobNotCompleted : ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CommandEnvironment environment, Reconciliation report)
    {
        foreach (var s in report.Sources)
            environment.Out.WriteLine(Printable.Of($"{s.Name} (rank {s.Rank}): {s.Entries} entries{(s.Fault is null ? "" : $"; not compared: {s.Fault}")}"));
        environment.Out.WriteLine($"{report.Compared} jobs and sagas compared{(report.DryRun ? " (dry run)" : "")}: {report.DifferenceCount} differ, {report.Repaired} were put right.");
        if (report.Differences.Count == 0)
            return;
        var table = new TextTable("ID", "SOURCE", "WHAT", "HAS", "SHOULD BE", "BY", "REPAIRED", "REASON");
        foreach (var d in report.Differences)
            table.Add(d.Id, d.Source, d.Kind, d.Has, d.ShouldBe, d.Believed, d.Repaired ? "yes" : "no", d.Reason);
        table.Write(environment.Out);
    }
}
