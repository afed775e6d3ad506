using System.CommandLine;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

internal static class JobsCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"jobs\": [...], \"next_cursor\": ...}"));
        var status = new Option<string?>("--status") { Description = "Only jobs in this state.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong([.. JobStatus.All]);
        var service = new Option<string?>("--service") { Description = "Only jobs for this service.", HelpName = "NAME" };
        var customer = new Option<string?>("--customer") { Description = "Only jobs of this customer.", HelpName = "ID" };
        var workflow = new Option<string?>("--workflow") { Description = "Only jobs of this workflow.", HelpName = "ID" };
        var prefix = new Option<string?>("--id") { Description = "Only jobs whose id begins so.", HelpName = "PREFIX" };
        var (limit, cursor) = (CommonOptions.Limit(), CommonOptions.Cursor());
        var command = new JobGridCommand(environment, "jobs", "Lists jobs, newest first.")
        {
            Options = { status, service, customer, workflow, prefix, limit, cursor, url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var query = new JobQuery
            {
                Status = parse.GetValue(status),
                Service = parse.GetValue(service),
                CustomerId = parse.GetValue(customer),
                WorkflowId = parse.GetValue(workflow),
                IdPrefix = parse.GetValue(prefix),
                Limit = parse.GetValue(limit),
                Cursor = parse.GetValue(cursor),
            };
            var page = await grid.Impatient.ListJobsAsync(query, cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, page, JobGridJson.Default.JobPage);
                return ExitCode.Ok;
            }

            var table = new TextTable("ID", "STATUS", "PROGRESS", "SERVICE", "QUEUE", "PRIORITY", "ATTEMPT", "WORKER", "CREATED");
            foreach (var job in page.Jobs)
                table.Add(job.Id, JobText.Status(job), JobText.Percent(job.Progress), job.ServiceRequired, job.Queue, job.Priority?.ToString(),
                    job.Attempt.ToString(), job.WorkerId, JobText.Time(job.CreatedAt));
            table.Write(environment.Out);
            if (page.NextCursor is not null)
                environment.Error.WriteLine(Printable.Of($"There are more: --cursor {page.NextCursor}"));
            return ExitCode.Ok;
        });
        return command;
    }
}
