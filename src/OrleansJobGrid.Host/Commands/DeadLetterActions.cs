using System.CommandLine;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid dead-letters show|requeue|purge</c>.</summary>
internal static class DeadLetterActions
{
    /// <summary>Refusals that a person is shown; --json has all.</summary>
    private const int ShownRefusals = 20;

    public static JobGridCommand Show(CommandEnvironment environment)
    {
        var (id, url, json) = (CommonOptions.JobId(), CommonOptions.Url(), CommonOptions.Json("one JSON document {\"job\": {...}, \"events\": [...]}"));
        var command = new JobGridCommand(environment, "show", "Shows a dead letter with its whole audit log.") { Arguments = { id }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var letter = await grid.Impatient.GetDeadLetterAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, letter, JobGridJson.Default.DeadLetter);
                return ExitCode.Ok;
            }

            JobText.Write(environment.Out, letter.Job);
            environment.Out.WriteLine();
            JobText.Write(environment.Out, letter.Events);
            return ExitCode.Ok;
        });
        return command;
    }

    public static JobGridCommand Requeue(CommandEnvironment environment)
    {
        var reason = CommonOptions.Reason();
        return Create(
            environment,
            "requeue",
            "Puts a dead letter, or all of a kind, back into the queue, history kept and attempts counted anew.",
            "requeued",
            reason,
            (client, id, parse, token) => client.RequeueDeadLetterAsync(id, parse.GetValue(reason), token),
            async (client, fingerprint, cursor, parse, token) =>
            {
                var page = await client.RequeueDeadLettersAsync(fingerprint, cursor, parse.GetValue(reason), token);
                return (page.Requeued, page.Refused, page.NextCursor);
            });
    }

    public static JobGridCommand Purge(CommandEnvironment environment) => Create(
        environment,
        "purge",
        "Deletes a dead letter, or all of a kind, with their history. There is no way back.",
        "purged",
        null,
        (client, id, _, token) => client.PurgeDeadLetterAsync(id, token),
        async (client, fingerprint, cursor, _, token) =>
        {
            var page = await client.PurgeDeadLettersAsync(fingerprint, cursor, token);
            return (page.Purged, page.Refused, page.NextCursor);
        });

    private static JobGridCommand Create(
        CommandEnvironment environment, string name, string description, string done, Option<string?>? reason,
        Func<JobGridClient, string, ParseResult, CancellationToken, Task<OperationAnswer>> one,
        Func<JobGridClient, string, string?, ParseResult, CancellationToken, Task<(int Done, IReadOnlyList<RefusedJob> Refused, string? NextCursor)>> page)
    {
        var id = new Argument<string?>("ID") { Description = "The job's id; or give --fingerprint.", HelpName = "ID", Arity = ArgumentArity.ZeroOrOne };
        var (fingerprint, url) = (CommonOptions.Fingerprint("All dead letters of this kind."), CommonOptions.Url());
        var json = CommonOptions.Json($"one JSON document, the grid's answer or {{\"{done}\": N, \"refused\": [{{job_id, error}}]}}");
        var command = new JobGridCommand(environment, name, description)
        {
            Notes = "'jobgrid dead-letters --groups' shows the kinds and their fingerprints. Jobs that are refused are named, with exit code 3.",
            Arguments = { id },
            Options = { fingerprint, url, json },
        };
        if (reason is not null)
            command.Options.Add(reason);
        command.Runs(async (parse, cancellationToken) =>
        {
            var (jobId, kind) = (parse.GetValue(id), parse.GetValue(fingerprint));
            if (jobId is null == kind is null)
                throw CommandFailure.Usage(
                    jobId is null ? $"dead-letters {name} needs an ID or --fingerprint." : "Both an ID and --fingerprint are given.",
                    "Name one job, or a kind as 'jobgrid dead-letters --groups' shows it.");
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            if (jobId is null)
                return await SweepAsync(environment, done, kind!, parse.GetValue(json), cursor => page(grid.Client, kind!, cursor, parse, cancellationToken));
            ControlCommands.Write(environment, jobId, await one(grid.Impatient, jobId, parse, cancellationToken), parse.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<int> SweepAsync(
        CommandEnvironment environment, string done, string fingerprint, bool json,
        Func<string?, Task<(int Done, IReadOnlyList<RefusedJob> Refused, string? NextCursor)>> page)
    {
        var (count, refused, cursor) = (0, new List<RefusedJob>(), (string?)null);
        try
        {
            do
            {
                var swept = await page(cursor);
                count += swept.Done;
                refused.AddRange(swept.Refused);
                cursor = swept.NextCursor;
            }
            while (cursor is not null);
        }
        catch (JobGridException) when (count > 0)
        {
            environment.Error.WriteLine($"{count} were {done} before this; the same command again goes on with the rest.");
            throw;
        }

        if (json)
            JsonOutput.Line(environment.Out, new JsonObject
            {
                [done] = count,
                ["refused"] = new JsonArray([.. refused.Select(r => new JsonObject { ["job_id"] = r.JobId, ["error"] = r.Error })]),
            });
        else
            environment.Out.WriteLine(count + refused.Count == 0
                ? Printable.Of($"There is no dead letter with the fingerprint {fingerprint}: see 'jobgrid dead-letters --groups'.")
                : $"{count} {done}, {refused.Count} refused.");
        foreach (var refusal in refused.Take(ShownRefusals))
            environment.Error.WriteLine(Printable.Of($"jobgrid: {refusal.JobId}: {refusal.Error}"));
        if (refused.Count > ShownRefusals)
            environment.Error.WriteLine($"jobgrid: and {refused.Count - ShownRefusals} more; --json lists all.");
        return refused.Count == 0 ? ExitCode.Ok : ExitCode.Grid;
    }
}
