using System.Text.Json.Nodes;
using Orleans;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Events;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Grains.Events;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Calls;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Events;

/// <summary>Subscriptions on a cluster: what they get, in which order, and what becomes of what cannot be delivered.</summary>
public sealed class SubscriptionTests : IAsyncLifetime
{
    private EventTarget _target = null!;

    public async ValueTask InitializeAsync() => _target = await EventTarget.StartAsync();

    public ValueTask DisposeAsync() => _target.DisposeAsync();

    [Fact]
    public async Task Every_event_is_posted_signed_and_in_order_also_where_a_silo_dies()
    {
        await using var grid = await StartAsync(3);
        var made = await Catalog(grid).Put(Http("all"));
        Assert.True(made.Created);
        _target.Secret = made.Secret;
        await grid.StartWorkerAsync("worker", 8, TestConnector.Completing());
        await grid.SubmitAsync(Submissions.Jobs("a", 60));
        await Eventually.EventuallyAsync("some events came", () => Task.FromResult(_target.Taken.Count > 20));
        await grid.Silos.KillSiloAsync(grid.Silos.Silos[1]);
        await grid.SubmitAsync(Submissions.Jobs("b", 60));
        await grid.CompletedAsync(120, "all jobs are done", TimeSpan.FromSeconds(60));
        await CaughtUpAsync(grid, "all");

        var expected = new List<string>();
        foreach (var job in (string[])["a", "b"] is var p ? p.SelectMany(n => Enumerable.Range(0, 60).Select(i => $"{n}-{i}")) : [])
            expected.AddRange((await grid.Store.EventsAsync(job)).Select((_, i) => $"{job}:{i + 1}"));
        var got = _target.Distinct().Select(EventTarget.IdOf).ToList();
        Assert.Equal(expected.Order(StringComparer.Ordinal), got.Order(StringComparer.Ordinal));
        foreach (var job in _target.Distinct().GroupBy(e => e["job_id"]!.GetValue<string>()))
            Assert.Equal(Enumerable.Range(1, job.Count()).Select(i => (long)i), job.Select(e => e["sequence"]!.GetValue<long>()));
        Assert.Empty(_target.Unsigned);
        Assert.Empty(_target.Changed);
        Assert.Equal(120, _target.Distinct().Count(e => EventTarget.TypeOf(e) == "job.completed"));
    }

    [Fact]
    public async Task A_receiver_that_is_away_stands_in_health_and_gets_all_when_it_is_back()
    {
        await using var grid = await StartAsync(options: o => o.Events.LagAlert = TimeSpan.FromSeconds(1));
        var away = true;
        _target.Answer = _ => Volatile.Read(ref away) ? 503 : 200;
        await Catalog(grid).Put(Http("away") with { Types = ["job.submitted"] });
        await grid.SubmitAsync(Submissions.Jobs("j", 20));
        await Eventually.EventuallyAsync("health tells of the lag", async () =>
            (await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons.Any(r => r.StartsWith("Subscription 'away' lags", StringComparison.Ordinal) && r.Contains("503", StringComparison.Ordinal)));
        await Eventually.EventuallyAsync("the log tells it once", () => Task.FromResult(grid.Log.Count(1901) == 1));
        Assert.Empty(_target.Taken);
        Volatile.Write(ref away, false);
        await CaughtUpAsync(grid, "away");
        Assert.Equal(20, _target.Distinct().Count);
        Assert.Empty(_target.Changed);
        Assert.All(_target.Taken, e => Assert.Equal("job.submitted", EventTarget.TypeOf(e)));
        await Eventually.EventuallyAsync("the log tells that it is over", () => Task.FromResult(grid.Log.Count(1902) == 1));
        // Patience that was asked for is no refusal.
        Assert.Equal(0, (await Subscription(grid, "away").Get())!.DeadLetters);
    }

    [Fact]
    public async Task An_event_that_is_refused_becomes_a_dead_letter_and_holds_up_no_other()
    {
        await using var grid = await StartAsync(options: o => o.Events.MaxTries = 3);
        var broken = true;
        var refusals = 0;
        _target.Answer = events =>
        {
            if (!Volatile.Read(ref broken) || !events.Any(e => e["job_id"]!.GetValue<string>() == "j-3"))
                return 200;
            if (events.Count == 1)
                Interlocked.Increment(ref refusals);
            return 500;
        };
        await Catalog(grid).Put(Http("poison") with { Types = ["job.submitted"] });
        await grid.SubmitAsync(Submissions.Jobs("j", 8));
        await Eventually.EventuallyAsync("it is given up", async () => (await Subscription(grid, "poison").Get())!.DeadLetters == 1);
        await CaughtUpAsync(grid, "poison");
        Assert.Equal(Enumerable.Range(0, 8).Where(i => i != 3).Select(i => $"j-{i}:1"), _target.Distinct().Select(EventTarget.IdOf).Order());
        Assert.Equal(3, refusals);
        var dead = Assert.Single((await Subscription(grid, "poison").DeadLetters())!);
        Assert.Equal(3, dead.Tries);
        Assert.Contains("answered 500: the test would not have it", dead.Reason, StringComparison.Ordinal);
        Assert.Equal("j-3:1", EventTarget.IdOf(JsonNode.Parse(Assert.Single(dead.Events))!.AsObject()));
        Assert.Contains((await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons, r => r.Contains("jobgrid subscriptions dead-letters poison", StringComparison.Ordinal));

        Assert.Equal((0, 1), (await Subscription(grid, "poison").Redeliver(null)) is { } again ? (again.Done, again.Left) : default);
        Assert.Equal(4, Assert.Single((await Subscription(grid, "poison").DeadLetters())!).Tries);
        Volatile.Write(ref broken, false);
        Assert.Equal((1, 0), (await Subscription(grid, "poison").Redeliver(dead.Key)) is { } done ? (done.Done, done.Left) : default);
        Assert.Contains("j-3:1", _target.Taken.Select(EventTarget.IdOf));
        Assert.Empty((await Subscription(grid, "poison").DeadLetters())!);
    }

    [Fact]
    public async Task A_feed_is_read_from_any_point_moved_and_trimmed_at_the_slowest()
    {
        await using var grid = await StartAsync();
        await Catalog(grid).Put(Feed("slow"));
        await Catalog(grid).Put(Feed("quick"));
        await grid.SubmitAsync(Submissions.Jobs("j", 30));
        var quick = Subscription(grid, "quick");
        var all = new List<EventItem>();
        for (string? after = null; all.Count < 30; after = all[^1].Position)
            all.AddRange((await quick.Read(after, 7, TimeSpan.FromSeconds(5)))!.Events);
        Assert.Equal(30, all.Select(IdOf).Distinct().Count());
        // From any point, by anyone, as often as wanted.
        Assert.Equal(all.Skip(10).Select(IdOf), (await Subscription(grid, "slow").Read(all[9].Position, 500, TimeSpan.Zero))!.Events.Select(IdOf));
        Assert.Equal(all.Select(IdOf), (await quick.Read(null, 500, TimeSpan.Zero))!.Events.Select(IdOf));

        Assert.Equal(0, (await quick.Move(all[^1].Position))!.Pending);
        Assert.Empty((await quick.Read(null, 500, TimeSpan.Zero))!.Events);
        Assert.Equal(20, (await Subscription(grid, "slow").Move(all[9].Position))!.Pending);
        await Eventually.EventuallyAsync("the outbox holds what the slowest has not got", async () => (await grid.Store.Inner.ReadOutboxAsync(0, 0, 1, CancellationToken.None)).First == 11);
        Assert.Equal(20, (await quick.Move("oldest"))!.Pending);
        Assert.Equal(0, (await quick.Move("now"))!.Pending);
        await Assert.ThrowsAsync<ArgumentException>(() => quick.Move("elsewhere"));
        await Assert.ThrowsAsync<ArgumentException>(() => quick.Move("1000"));
        await Assert.ThrowsAsync<ArgumentException>(() => quick.Read("1.2", 5, TimeSpan.Zero));

        // A reader that waits is told when something comes.
        var waiting = quick.Read(null, 10, TimeSpan.FromSeconds(15));
        await grid.SubmitAsync(Submissions.Job("late"));
        Assert.Equal("late:1", IdOf(Assert.Single((await waiting.Within("the reader is told"))!.Events)));

        Assert.True(await Catalog(grid).Delete("slow"));
        Assert.False(await Catalog(grid).Delete("slow"));
        Assert.Null(await Subscription(grid, "slow").Get());
        Assert.True(await Catalog(grid).Delete("quick"));
        await grid.SubmitAsync(Submissions.Job("unseen"));
        var closed = await grid.Store.Inner.ReadOutboxAsync(0, 0, 10, CancellationToken.None);
        Assert.Empty(closed.Entries);
    }

    [Fact]
    public async Task What_is_not_kept_any_more_is_told_as_a_gap()
    {
        await using var grid = await StartAsync(options: o => o.Events.Capacity = 5);
        await Catalog(grid).Put(Feed("bounded"));
        await grid.SubmitAsync(Submissions.Jobs("j", 12));
        var page = (await Subscription(grid, "bounded").Read(null, 100, TimeSpan.Zero))!;
        var gap = JsonNode.Parse(page.Events.Single(e => TypeOf(e) == "grid.gap").Document)!;
        Assert.Equal((1, 7), (gap["from"]!.GetValue<int>(), gap["to"]!.GetValue<int>()));
        Assert.Equal(5, page.Events.Count(e => TypeOf(e) == "job.submitted"));
        Assert.Equal("12", page.Position);
        // A reader that comes back behind the gap is not told of it again.
        Assert.Equal("12", (await Subscription(grid, "bounded").Move(page.Position))!.Position);
        Assert.Empty((await Subscription(grid, "bounded").Read(null, 100, TimeSpan.Zero))!.Events);
    }

    [Fact]
    public async Task A_projection_that_is_built_anew_from_the_logs_is_the_one_that_the_feed_made()
    {
        await using var grid = await StartAsync();
        await Catalog(grid).Put(Feed("projection"));
        await grid.StartWorkerAsync("worker", 4, new TestConnector(script: e => Task.FromResult(
            e.JobId.EndsWith('3') ? OrleansJobGrid.Connectors.ConnectorResult.Failed(OrleansJobGrid.Connectors.FailureClass.Malformed, "test", "The test says so.") : TestConnector.Done())));
        await grid.SubmitAsync(Submissions.Jobs("j", 20));
        await Eventually.EventuallyAsync("all are over", async () => (await grid.Store.ReadAllAsync()).Values.All(j => j.Status.IsFinal()));
        var fromFeed = new Dictionary<string, string>();
        for (var page = (await Subscription(grid, "projection").Read(null, 50, TimeSpan.Zero))!; page.Events.Count > 0; page = (await Subscription(grid, "projection").Read(page.Position, 50, TimeSpan.Zero))!)
            foreach (var e in page.Events.Select(e => JsonNode.Parse(e.Document)!))
                fromFeed[e["job_id"]!.GetValue<string>()] = e["to"]!.GetValue<string>();
        var fromLogs = new Dictionary<string, string>();
        foreach (var job in (await grid.Query.List(new() { Limit = 100 })).Jobs)
            foreach (var e in (await grid.Query.Events(job.Id))!)
                fromLogs[job.Id] = e.To!;
        Assert.Equal(20, fromFeed.Count);
        Assert.Equal(fromLogs.OrderBy(p => p.Key), fromFeed.OrderBy(p => p.Key));
        Assert.Equal(2, fromFeed.Values.Count(v => v == "failed"));
    }

    [Fact]
    public async Task Sagas_tell_their_events_beside_those_of_jobs()
    {
        await using var grid = await StartAsync();
        await Catalog(grid).Put(Feed("sagas") with { Types = ["saga.*"] });
        var definition = OrleansJobGrid.Sagas.Definitions.SagaReader.Read("name: s\nsteps:\n  a: { delay: 1ms }\n", out var faults);
        Assert.Empty(faults);
        await grid.Saga("s-1").Begin(new() { Definition = definition!.Json, BodyHash = "s" });
        await grid.SubmitAsync(Submissions.Job("not-wanted"));
        await Eventually.EventuallyAsync("the saga is over", async () => (await grid.Saga("s-1").Watch(-1, TimeSpan.Zero))!.IsOver);
        var logged = (await grid.Client.GetGrain<ISagaCatalogGrain>(0).Events("s-1", 1))!;
        var page = (await Subscription(grid, "sagas").Read(null, 100, TimeSpan.FromSeconds(5)))!;
        Assert.Equal(logged.Select(e => $"saga/s-1:{e.Sequence} saga.{e.Type}"), page.Events.Select(e => $"{IdOf(e)} {TypeOf(e)}"));
    }

    [Fact]
    public async Task What_cannot_be_is_refused_by_its_field()
    {
        await using var grid = await StartAsync();
        async Task Refused(SubscriptionSpec spec, string field, string says)
        {
            var answer = await Catalog(grid).Put(spec);
            Assert.Null(answer.Subscription);
            Assert.Equal(field, answer.Field);
            Assert.Contains(says, answer.Message, StringComparison.Ordinal);
        }

        await Refused(Feed("no/name"), "name", "1 to 64");
        await Refused(Feed("x") with { Deliver = "pigeon" }, "deliver", "feed, http, redis-stream");
        await Refused(Feed("x") with { Deliver = DeliveryKinds.RedisStream }, "deliver", "the store of this grid is sqlite");
        await Refused(Feed("x") with { Url = _target.Url }, "url", "only for deliver: http");
        await Refused(Http("x") with { Url = null }, "url", "is missing");
        await Refused(Http("x") with { Url = "http://169.254.169.254/latest" }, "url", "JobGrid:Events:Allow");
        await Refused(Http("x") with { Types = ["job.completed", "everything"] }, "types", "'everything'");
        Assert.Empty(await Catalog(grid).List());
        Assert.Empty((await grid.Store.Inner.ReadDocumentsAsync("subscription-cursors", CancellationToken.None)));
    }

    private static string IdOf(EventItem e) => JsonNode.Parse(e.Document)!["id"]!.GetValue<string>();

    private static string TypeOf(EventItem e) => JsonNode.Parse(e.Document)!["type"]!.GetValue<string>();

    private static ISubscriptionCatalogGrain Catalog(GridCluster grid) => grid.Client.GetGrain<ISubscriptionCatalogGrain>(0);

    private static ISubscriptionGrain Subscription(GridCluster grid, string name) => grid.Client.GetGrain<ISubscriptionGrain>(name);

    private static SubscriptionSpec Feed(string name) => new() { Name = name, Deliver = DeliveryKinds.Feed };

    private SubscriptionSpec Http(string name) => new() { Name = name, Deliver = DeliveryKinds.Http, Url = _target.Url };

    private static Task CaughtUpAsync(GridCluster grid, string name) =>
        Eventually.EventuallyAsync($"subscription {name} has all", async () => (await Subscription(grid, name).Get())!.Pending == 0, () => Task.FromResult(grid.Log.Tail()), TimeSpan.FromSeconds(40));

    private Task<GridCluster> StartAsync(short silos = 1, Action<OrleansJobGrid.Grains.Hosting.JobGridOptions>? options = null) => GridCluster.StartAsync(silos, options: o =>
    {
        o.Events.Allow.Add(_target.Url);
        (o.Events.Backoff, o.Events.LongestBackoff) = (TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));
        options?.Invoke(o);
    });
}
