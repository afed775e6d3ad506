using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid dead-letters</c>: the lists; <see cref="DeadLetterActions"/> has what is done with them.</summary>
internal static class DeadLettersCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"dead_letters\": [...], \"next_cursor\": ...}, or {\"groups\": [...]}"));
        var groups = new Option<bool>("--groups") { Description = "Count them by kind instead, over the newest 5,000." };
        var service = new Option<string?>("--service") { Description = "Only jobs for this service.", HelpName = "NAME" };
        var customer = new Option<string?>("--customer") { Description = "Only jobs of this customer.", HelpName = "ID" };
        var fingerprint = CommonOptions.Fingerprint("Only those of this kind.");
        var status = new Option<string?>("--status") { Description = "Only jobs in this state: failed or timeout.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong(JobStatus.Failed, JobStatus.Timeout);
        var (limit, cursor) = (CommonOptions.Limit(), CommonOptions.Cursor());
        var command = new JobGridCommand(environment, "dead-letters", "Lists jobs that failed or ran out of time, newest first; and looks at, requeues or deletes them.")
        {
            Notes = """
                Dead letters are kept for 7 days. Those whose failures are of one kind have one fingerprint.

                Examples:
                  jobgrid dead-letters --groups
                  jobgrid dead-letters --fingerprint 5f0c12ab34cd56ef
                  jobgrid dead-letters show ID
                  jobgrid dead-letters requeue --fingerprint 5f0c12ab34cd56ef --reason "the model is installed now"
                """,
            Options = { groups, service, customer, fingerprint, status, limit, cursor, url, json },
            Subcommands = { DeadLetterActions.Show(environment), DeadLetterActions.Requeue(environment), DeadLetterActions.Purge(environment) },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            Option[] filters = [service, customer, fingerprint, status, limit, cursor];
            if (parse.GetValue(groups) && filters.FirstOrDefault(f => parse.GetResult(f) is { Implicit: false }) is { } filter)
                throw CommandFailure.Usage($"--groups counts all dead letters and takes no {filter.Name}.", $"Leave out --groups or {filter.Name}.");
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            if (parse.GetValue(groups))
                return WriteGroups(environment, await grid.Impatient.GetDeadLetterGroupsAsync(cancellationToken), parse.GetValue(json));
            var query = new DeadLetterQuery
            {
                Service = parse.GetValue(service),
                CustomerId = parse.GetValue(customer),
                Fingerprint = parse.GetValue(fingerprint),
                Status = parse.GetValue(status),
                Limit = parse.GetValue(limit),
                Cursor = parse.GetValue(cursor),
            };
            return Write(environment, await grid.Impatient.ListDeadLettersAsync(query, cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static int Write(CommandEnvironment environment, DeadLetterPage page, bool json)
    {
        if (json)
        {
            JsonOutput.Document(environment.Out, page, JobGridJson.Default.DeadLetterPage);
            return ExitCode.Ok;
        }

        var table = new TextTable("ID", "STATUS", "ENDED", "SERVICE", "ATTEMPT", "FINGERPRINT", "ERROR");
        foreach (var job in page.DeadLetters)
            table.Add(job.Id, job.Status, JobText.Time(job.FailedAt), job.ServiceRequired, job.Attempt.ToString(), job.Fingerprint, job.ErrorMessage ?? job.EndReason);
        table.Write(environment.Out);
        if (page.NextCursor is not null)
            environment.Error.WriteLine(Printable.Of($"There are more: --cursor {page.NextCursor}"));
        return ExitCode.Ok;
    }

    private static int WriteGroups(CommandEnvironment environment, DeadLetterGroups groups, bool json)
    {
        if (json)
        {
            JsonOutput.Document(environment.Out, groups, JobGridJson.Default.DeadLetterGroups);
            return ExitCode.Ok;
        }

        var table = new TextTable("FINGERPRINT", "COUNT", "SERVICE", "FAILURE", "FIRST", "LAST", "EXAMPLE", "MESSAGE");
        foreach (var g in groups.Groups)
            table.Add(g.Fingerprint, g.Count.ToString(), g.Service, JobText.Kind(g.FailureType, g.FailureReason), JobText.Time(g.FirstAt), JobText.Time(g.LastAt), g.ExampleJobId, g.Message);
        table.Write(environment.Out);
        if (groups.Truncated)
            environment.Error.WriteLine("There are more: only the newest 5,000 dead letters were counted.");
        return ExitCode.Ok;
    }
}
