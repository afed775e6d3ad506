using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Commands;

/// <summary><c>jobgrid subscriptions</c>: who gets the events of jobs and sagas, and how far they are.</summary>
internal static class SubscriptionsCommand
{
    private static readonly TimeSpan FollowWait = TimeSpan.FromSeconds(10);

    public static JobGridCommand Create(CommandEnvironment environment)
    {
        var (url, json) = (CommonOptions.Url(), CommonOptions.Json("one JSON document {\"subscriptions\": [...]}"));
        var command = new JobGridCommand(environment, "subscriptions", "Lists subscriptions to events, with how far behind they are; and makes and steers them.")
        {
            Notes = """
                A subscription gets every event of jobs and sagas at least once, in the order of each job and saga (docs/events.md).

                Examples:
                  jobgrid subscriptions put audit --deliver feed
                  jobgrid subscriptions follow audit --acknowledge
                  jobgrid subscriptions put shop --deliver http --to https://shop.example.org/jobs --types job.completed,job.failed
                  jobgrid subscriptions dead-letters shop --redeliver
                """,
            Options = { url, json },
            Subcommands = { Put(environment), Show(environment), Follow(environment), Move(environment), DeadLetters(environment), Delete(environment) },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var all = await grid.Impatient.ListSubscriptionsAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, new SubscriptionList(all), JobGridJson.Default.SubscriptionList);
                return ExitCode.Ok;
            }

            var table = new TextTable("NAME", "DELIVER", "TO", "TYPES", "PENDING", "LAG", "DEAD", "FAULT");
            foreach (var s in all)
                table.Add(s.Name, s.Deliver, s.Url ?? s.Stream, s.Types.Count == 0 ? "all" : string.Join(',', s.Types), Number(s.Pending), $"{s.LagSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s", Number(s.DeadLetters), s.Fault);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> Name() => new("NAME") { Description = "The subscription's name.", HelpName = "NAME" };

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static JobGridCommand Put(CommandEnvironment environment)
    {
        var (name, url, json) = (Name(), CommonOptions.Url(), CommonOptions.Json("the grid's answer as one JSON document"));
        var deliver = new Option<string>("--deliver") { Description = "feed: it reads its events; http: they are posted; redis-stream: they are appended to a stream of the store's Redis.", HelpName = "HOW", Required = true };
        deliver.AcceptOnlyFromAmong("feed", "http", "redis-stream");
        var to = new Option<string?>("--to") { Description = "The address that events are posted to.", HelpName = "ADDRESS" };
        var types = new Option<string?>("--types") { Description = "Types wanted, with commas: job.completed, job.*, saga.* (default: all).", HelpName = "TYPES" };
        var from = new Option<string?>("--from") { Description = "Where a new one begins: now (default), or oldest, the oldest event that is kept.", HelpName = "WHERE" };
        from.AcceptOnlyFromAmong("now", "oldest");
        var length = new Option<long?>("--stream-length") { Description = "About how many entries its stream keeps (default 100000).", HelpName = "N" };
        var command = new JobGridCommand(environment, "put", "Makes a subscription, or changes one.")
        {
            Notes = "The secret that signs its posts (Standard Webhooks) is printed once, when it is made.",
            Arguments = { name },
            Options = { deliver, to, types, from, length, url, json },
        };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var wanted = parse.GetValue(types)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var answer = await grid.Client.PutSubscriptionAsync(
                parse.GetRequiredValue(name), new(parse.GetRequiredValue(deliver), parse.GetValue(to), wanted, parse.GetValue(from), parse.GetValue(length)), cancellationToken);
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, answer, JobGridJson.Default.SubscriptionAnswer);
                return ExitCode.Ok;
            }

            Write(environment, answer.Subscription);
            if (answer.Secret is { } secret)
                environment.Out.WriteLine($"secret:    {secret}  (told this once)");
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Show(CommandEnvironment environment)
    {
        var (name, url, json) = (Name(), CommonOptions.Url(), CommonOptions.Json("the subscription as one JSON document"));
        var command = new JobGridCommand(environment, "show", "Shows a subscription.") { Arguments = { name }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            return Answer(environment, await grid.Impatient.GetSubscriptionAsync(parse.GetRequiredValue(name), cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static JobGridCommand Follow(CommandEnvironment environment)
    {
        var (name, url) = (Name(), CommonOptions.Url());
        var acknowledge = new Option<bool>("--acknowledge") { Description = "What was printed is done: the subscription moves behind it." };
        var after = new Option<string?>("--after") { Description = "The position after which to begin (default: what is done).", HelpName = "POSITION" };
        var most = new Option<int?>("--count") { Description = "Ends after so many events.", HelpName = "N" };
        var command = new JobGridCommand(environment, "follow", "Prints events as they come, one JSON document a line.") { Notes = "Ctrl+C ends it.", Arguments = { name }, Options = { acknowledge, after, most, url } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var (subscription, position, left) = (parse.GetRequiredValue(name), parse.GetValue(after), parse.GetValue(most) ?? int.MaxValue);
            while (left > 0)
            {
                var page = await grid.Client.ReadEventsAsync(subscription, position, Math.Min(100, left), FollowWait, cancellationToken);
                foreach (var e in page.Events)
                    environment.Out.WriteLine(Printable.Of(e.GetRawText()));
                await environment.Out.FlushAsync(cancellationToken);
                left -= page.Events.Count;
                if (parse.GetValue(acknowledge) && page.Events.Count > 0)
                    await grid.Client.MoveSubscriptionAsync(subscription, page.Position, cancellationToken);
                position = page.Position;
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Move(CommandEnvironment environment)
    {
        var (name, url, json) = (Name(), CommonOptions.Url(), CommonOptions.Json("the subscription as one JSON document"));
        var position = new Argument<string>("POSITION") { Description = "Of an event or a page, or oldest, or now.", HelpName = "POSITION" };
        var command = new JobGridCommand(environment, "move", "Moves a subscription: forwards past what it need not get, or back to get it again where it is kept.") { Arguments = { name, position }, Options = { url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            return Answer(environment, await grid.Client.MoveSubscriptionAsync(parse.GetRequiredValue(name), parse.GetRequiredValue(position), cancellationToken), parse.GetValue(json));
        });
        return command;
    }

    private static JobGridCommand DeadLetters(CommandEnvironment environment)
    {
        var (name, url, json) = (Name(), CommonOptions.Url(), CommonOptions.Json("one JSON document"));
        var redeliver = new Option<bool>("--redeliver") { Description = "Delivers them again." };
        var discard = new Option<bool>("--discard") { Description = "Drops them." };
        var key = new Option<string?>("--key") { Description = "Only the one of this key (default: all).", HelpName = "KEY" };
        var command = new JobGridCommand(environment, "dead-letters", "Shows events that could not be delivered, and delivers or drops them.") { Arguments = { name }, Options = { redeliver, discard, key, url, json } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            var subscription = parse.GetRequiredValue(name);
            if (parse.GetValue(redeliver) && parse.GetValue(discard))
                throw CommandFailure.Usage("--redeliver and --discard are both given.", "Give one of them.");
            if (parse.GetValue(redeliver) || parse.GetValue(discard))
            {
                var answer = parse.GetValue(redeliver)
                    ? await grid.Client.RedeliverEventsAsync(subscription, parse.GetValue(key), cancellationToken)
                    : await grid.Client.DiscardEventsAsync(subscription, parse.GetValue(key), cancellationToken);
                if (parse.GetValue(json))
                    JsonOutput.Document(environment.Out, answer, JobGridJson.Default.DeadEventControl);
                else
                    environment.Out.WriteLine(Printable.Of($"{answer.Message} {answer.Left} are left."));
                return ExitCode.Ok;
            }

            var dead = (await grid.Impatient.GetDeadEventsAsync(subscription, cancellationToken)).Where(d => parse.GetValue(key) is not { } one || d.Key == one).ToList();
            if (parse.GetValue(json))
            {
                JsonOutput.Document(environment.Out, new DeadEventList(dead), JobGridJson.Default.DeadEventList);
                return ExitCode.Ok;
            }

            var table = new TextTable("KEY", "GIVEN UP", "TRIES", "EVENTS", "REASON");
            foreach (var d in dead)
                table.Add(d.Key, JobText.Time(d.At), Number(d.Tries), string.Join(", ", d.Events.Select(IdOf)), d.Reason);
            table.Write(environment.Out);
            return ExitCode.Ok;
        });
        return command;
    }

    private static JobGridCommand Delete(CommandEnvironment environment)
    {
        var (name, url) = (Name(), CommonOptions.Url());
        var command = new JobGridCommand(environment, "delete", "Ends a subscription; its dead letters go with it.") { Arguments = { name }, Options = { url } };
        command.Runs(async (parse, cancellationToken) =>
        {
            using var grid = GridConnection.Open(parse.GetValue(url), environment);
            environment.Out.WriteLine(Printable.Of((await grid.Client.DeleteSubscriptionAsync(parse.GetRequiredValue(name), cancellationToken)).Message));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string IdOf(JsonElement e) => e.TryGetProperty("id", out var id) ? id.GetString() ?? "" : "";

    private static int Answer(CommandEnvironment environment, Subscription subscription, bool json)
    {
        if (json)
            JsonOutput.Document(environment.Out, subscription, JobGridJson.Default.Subscription);
        else
            Write(environment, subscription);
        return ExitCode.Ok;
    }

    private static void Write(CommandEnvironment environment, Subscription s)
    {
        void Line(string label, string? value)
        {
            if (value is not null)
                environment.Out.WriteLine(Printable.Of($"{label + ":",-10} {value}"));
        }

        Line("name", s.Name);
        Line("deliver", s.Deliver);
        Line("to", s.Url ?? s.Stream);
        Line("types", s.Types.Count == 0 ? "all" : string.Join(", ", s.Types));
        Line("position", s.Position);
        Line("pending", $"{Number(s.Pending)} writes, {s.LagSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s behind");
        Line("dead", s.DeadLetters == 0 ? null : Number(s.DeadLetters));
        Line("fault", s.Fault);
    }
}
