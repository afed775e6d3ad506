using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;
using OrleansJobGrid.Host.Sagas;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid sagas</c>: lists them, and all that is done with one.</summary>
internal static class SagasCommand
{
    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"sagas\": [...], \"next_cursor\": ...}"));
        var status = new Option<string?>("--status") { Description = $"Only sagas in this state: {string.Join(", ", SagaStatus.All)}.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong([.. SagaStatus.All]);
        var name = new Option<string?>("--name") { Description = "Only sagas of this definition.", HelpName = "NAME" };
        var (limit, cursor) = (CommonOptions.Limit(), CommonOptions.Cursor());
        var command = new JobGridCommand(environment, "sagas", "Lists sagas, newest first; and shows, follows and steers them.")
        {
            Notes = """
                A saga is a workflow of jobs, HTTP calls, waits and other sagas that comes to its end, or undoes what it did (docs/sagas.md).
                'jobgrid run FILE' begins one and waits for it.

                Examples:
                  jobgrid sagas --status parked
                  jobgrid sagas watch ID
                  jobgrid sagas signal ID approved --payload '{"by": "ann"}'
                  jobgrid sagas show ID --mermaid
                """,
            Options = { status, name, limit, cursor, url, json },
            Subcommands =
            {
                Submit(environment), Show(environment), Watch(environment), Events(environment), Export(environment), Signal(environment),
                Control(environment, "pause", "Starts nothing more until it is resumed; what runs goes on.", (c, id, r, t) => c.PauseSagaAsync(id, r, t)),
                Control(environment, "resume", "Goes on with a paused saga.", (c, id, r, t) => c.ResumeSagaAsync(id, r, t)),
                Retry(environment), SkipUndo(environment), Cancel(environment), Register(environment), Definitions(environment),
            },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var page = await grid.Impatient.ListSagasAsync(parse.GetValue(status), parse.GetValue(name), parse.GetValue(limit), parse.GetValue(cursor), cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, page, JobGridJson.Default.SagaPage);
                return ExitCode.Ok;
            }

            var table = new TextTable("ID", "NAME", "STATUS", "STEPS", "CREATED", "ENDED", "REASON");
            foreach (var saga in page.Sagas)
            {
                table.Add(
                    saga.Id, saga.Version is { } version ? $"{saga.Name}@{version}" : saga.Name, saga.Paused == true ? $"{saga.Status} (paused)" : saga.Status,
                    $"{saga.Steps.Count(s => s.Status is "completed" or "skipped" or "failed")}/{saga.Steps.Count}", JobText.Time(saga.CreatedAt), JobText.Time(saga.FinishedAt), saga.Reason);
            }

            table.Write(environment.Out);
            if (page.NextCursor is not null)
                environment.Error.WriteLine(Printable.Of($"There are more: --cursor {page.NextCursor}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "The saga's id.", HelpName = "ID" };

    private static Argument<string> SagaFile(string description) => new("FILE") { Description = description, HelpName = "FILE" };

    private static JobGridCommand Submit(CommandEnvironment environment)
    {
        var (file, url, json) = (SagaFile("The saga, as JSON or YAML."), CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var command = new JobGridCommand(environment, "submit", "Begins a saga and does not wait for it.") { Arguments = { file }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            var saga = SagaSubmissionFile.Read(parse.GetRequiredValue(file));
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            return Answer(environment, await saga.SubmitAsync(grid.Client, cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static JobGridCommand Show(CommandEnvironment environment)
    {
        var (id, url, json) = (Id(), CommonOptions.Url(), CommonOptions.Json("the saga as one JSON document"));
        var mermaid = new Option<bool>("--mermaid") { Description = "Its graph as a flowchart of Mermaid, with the states of its steps." };
        var command = new JobGridCommand(environment, "show", "Shows a saga with its steps.") { Arguments = { id }, Options = { mermaid, url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var saga = await grid.Impatient.GetSagaAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(mermaid))
                environment.Out.Write(SagaText.MermaidOf(saga));
            else if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, saga, JobGridJson.Default.Saga);
            else
                SagaText.Write(environment.Out, saga);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Watch(CommandEnvironment environment)
    {
        var (id, url, json) = (Id(), CommonOptions.Url(), CommonOptions.Json("NDJSON, the saga at each change"));
        var command = new JobGridCommand(environment, "watch", "Follows a saga to its end.") { Notes = "Ctrl+C ends the watching; the saga goes on.", Arguments = { id }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var sagaId = parse.GetRequiredValue(id);
            var saga = await grid.Impatient.GetSagaAsync(sagaId, cancellationToken);
            if (parse.GetValue(json))
            {
                await foreach (var state in grid.Client.WatchSagaAsync(sagaId, cancellationToken))
                {
                    saga = state;
                    JsonOutput.Line(environment.Out, (JsonObject)JsonOutput.Node(state, JobGridJson.Default.Saga)!);
                }
            }
            else
            {
                saga = await SagaDisplay.FollowAsync(environment, grid.Client, sagaId, quiet: false, untilParked: false, cancellationToken);
            }

            return saga.Status == SagaStatus.Completed ? ExitCode.Ok : ExitCode.JobNotCompleted;
        });
        return command;
    }

    private static JobGridCommand Events(CommandEnvironment environment)
    {
        var (id, url, json) = (Id(), CommonOptions.Url(), CommonOptions.Json("a JSON array"));
        var command = new JobGridCommand(environment, "events", "Shows a saga's events, oldest first.") { Arguments = { id }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var events = await grid.Impatient.GetSagaEventsAsync(parse.GetRequiredValue(id), cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, events, JobGridJson.Default.IReadOnlyListSagaEvent);
                return ExitCode.Ok;
            }

            var table = new TextTable("#", "AT", "TYPE", "STEP", "TRY", "REASON");
            foreach (var e in events)
                table.Add(e.Sequence.ToString(), e.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'"), e.Type, e.Unit is { } unit ? $"{e.Step}#{unit}" : e.Step, e.Try is > 0 ? e.Try.ToString() : null, e.Reason);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Export(CommandEnvironment environment)
    {
        var (id, url) = (Id(), CommonOptions.Url());
        var command = new JobGridCommand(environment, "export", "Writes a saga with its whole history as one JSON document {\"saga\": ..., \"events\": [...]}.") { Arguments = { id }, Options = { url } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var sagaId = parse.GetRequiredValue(id);
            var saga = await grid.Impatient.GetSagaAsync(sagaId, cancellationToken);
            var events = await grid.Impatient.GetSagaEventsAsync(sagaId, cancellationToken);
            JsonOutput.Document(
                environment.Out, new JsonObject { ["saga"] = JsonOutput.Node(saga, JobGridJson.Default.Saga), ["events"] = JsonOutput.Node(events, JobGridJson.Default.IReadOnlyListSagaEvent) }, JobGridJson.Default.JsonObject);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Signal(CommandEnvironment environment)
    {
        var (id, url, json) = (Id(), CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var name = new Argument<string>("NAME") { Description = "The signal's name.", HelpName = "NAME" };
        var payload = new Option<string?>("--payload") { Description = "JSON that the waiting step gets as its output.", HelpName = "JSON" };
        var command = new JobGridCommand(environment, "signal", "Sends a signal, such as an approval, to a saga.") { Arguments = { id, name }, Options = { payload, url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            JsonElement? value = null;
            if (parse.GetValue(payload) is { } text)
            {
                try
                {
                    value = JsonElement.Parse(text);
                }
                catch (JsonException e)
                {
                    throw CommandFailure.Usage($"--payload is no JSON: {e.Message}", "Quote it for your shell, like --payload '{\"by\": \"ann\"}'.");
                }
            }

            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            return Answer(environment, await grid.Impatient.SignalSagaAsync(parse.GetRequiredValue(id), parse.GetRequiredValue(name), value, cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static JobGridCommand Retry(CommandEnvironment environment)
    {
        var step = new Option<string?>("--step") { Description = "Only this step.", HelpName = "STEP" };
        return Control(
            environment, "retry", "Does failed steps anew, and only those; or the undoing that failed.", (client, id, parse, reason, token) => client.RetrySagaAsync(id, parse.GetValue(step), reason, token), step);
    }

    private static JobGridCommand SkipUndo(CommandEnvironment environment)
    {
        var step = new Option<string>("--step") { Description = "The step.", HelpName = "STEP", Required = true };
        return Control(
            environment, "skip-undo", "Goes on without an undoing that failed: it is not needed, or was done by hand.", (client, id, parse, reason, token) => client.SkipUndoAsync(id, parse.GetRequiredValue(step), reason, token), step);
    }

    private static JobGridCommand Cancel(CommandEnvironment environment)
    {
        var keep = new Option<bool>("--keep") { Description = "Undo nothing." };
        return Control(
            environment, "cancel", "Ends a saga, and undoes what it did.", (client, id, parse, reason, token) => client.CancelSagaAsync(id, !parse.GetValue(keep), reason, token), keep);
    }

    private static JobGridCommand Register(CommandEnvironment environment)
    {
        var (file, url, json) = (SagaFile("The definition, as JSON or YAML."), CommonOptions.Url(), CommonOptions.Json("name and version as one JSON document"));
        var command = new JobGridCommand(environment, "register", "Registers a definition under the next version of its name.") { Arguments = { file }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            var text = SagaSubmissionFile.ReadDefinition(parse.GetRequiredValue(file));
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var registered = await grid.Impatient.RegisterSagaAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
            if (parse.GetValue(json))
                JsonOutput.Document(environment.Out, registered, JobGridJson.Default.SagaDefinitionInfo);
            else
                environment.Out.WriteLine(Printable.Of($"{registered.Name}@{registered.Version}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Definitions(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"definitions\": [...]}"));
        var command = new JobGridCommand(environment, "definitions", "Lists registered definitions, each with its newest version.") { Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var list = await grid.Impatient.ListSagaDefinitionsAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, list, JobGridJson.Default.SagaDefinitionList);
                return ExitCode.Ok;
            }

            var table = new TextTable("NAME", "VERSION", "REGISTERED");
            foreach (var definition in list.Definitions)
                table.Add(definition.Name, definition.Version.ToString(), JobText.Time(definition.RegisteredAt));
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Control(
        CommandEnvironment environment, string name, string description, Func<JobGridClient, string, string?, CancellationToken, Task<SagaAnswer>> request) =>
        Control(environment, name, description, (client, id, _, reason, token) => request(client, id, reason, token));

    private static JobGridCommand Control(
        CommandEnvironment environment, string name, string description, Func<JobGridClient, string, ParseResult, string?, CancellationToken, Task<SagaAnswer>> request, params Option[] options)
    {
        var (id, reason, url, json) = (Id(), CommonOptions.Reason(), CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var command = new JobGridCommand(environment, name, description) { Arguments = { id } };
        foreach (var option in (Option[])[.. options, reason, url, json])
            command.Options.Add(option);
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            return Answer(environment, await request(grid.Impatient, parse.GetRequiredValue(id), parse, parse.GetValue(reason), cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static int Answer(CommandEnvironment environment, SagaAnswer answer, bool json)
    {
        if (json)
            JsonOutput.Document(environment.Out, answer, JobGridJson.Default.SagaAnswer);
        else
            environment.Out.WriteLine(Printable.Of($"{answer.SagaId}  {answer.Message ?? "done"}"));
        return ExitCode.Ok;
    }
}
