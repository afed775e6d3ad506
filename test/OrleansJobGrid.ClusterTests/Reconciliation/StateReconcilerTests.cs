using Orleans;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Reconciliation;
using OrleansJobGrid.Grains.Reconciliation;
using OrleansJobGrid.TestKit.Calls;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Reconciliation;

/// <summary>Two systems beside a cluster, an API's database and a client, that keep states of their own.</summary>
public sealed class StateReconcilerTests : IAsyncLifetime
{
    private StateTarget _api = null!;
    private StateTarget _client = null!;

    public async ValueTask InitializeAsync() => (_api, _client) = (await StateTarget.StartAsync(), await StateTarget.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _client.DisposeAsync();
    }

    [Fact]
    public async Task What_differs_is_told_in_a_dry_run_and_put_right_in_a_real_one()
    {
        await using var grid = await StartAsync(TimeSpan.Zero);
        await SettleAsync(grid);
        var dry = await Reconciler(grid).Run(dryRun: true, null);
        Assert.Equal(["api 2 25 ", "client 3 2 "], dry.Sources.Select(s => $"{s.Name} {s.Rank} {s.Entries} {s.Fault}"));
        Assert.Equal((26, 5, 0), (dry.Compared, dry.Differences, dry.Repaired));
        string[] expected =
        [
            "api differs done-0 running->done", "api differs done-1 failed->done", "api missing done-19 ->done", "api unknown lost running->", "client differs old in_progress->completed",
        ];
        Assert.Equal(expected, dry.First.Select(Shown).Order(StringComparer.Ordinal));
        Assert.Empty(_api.Writes.Concat(_client.Writes));
        Assert.Null(await Reconciler(grid).Last());

        // One that will not is told, with its reason; the rest is put right.
        _api.Stubborn = "done-1";
        var real = await Reconciler(grid).Run(dryRun: false, null);
        Assert.Equal((5, 3), (real.Differences, real.Repaired));
        Assert.Contains("answered 409", real.First.Single(d => d.Id == "done-1").Reason, StringComparison.Ordinal);
        Assert.Equal(("done", "failed", "done", "completed"), (_api.States["done-0"], _api.States["done-1"], _api.States["done-19"], _client.States["old"]));
        Assert.Equal("running", _api.States["lost"]);
        Assert.Equal(real.At, (await Reconciler(grid).Last())!.At);
        Assert.Contains((await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons, r => r.StartsWith("Other systems have 2 states", StringComparison.Ordinal));

        _api.Stubborn = null;
        _api.States.TryRemove("lost", out _);
        Assert.Equal((1, 1), await Reconciler(grid).Run(dryRun: false, "api") is { } again ? (again.Differences, again.Repaired) : default);
        Assert.Equal(0, (await Reconciler(grid).Run(dryRun: false, null)).Differences);
        Assert.DoesNotContain((await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons, r => r.StartsWith("Other systems", StringComparison.Ordinal));
        await Assert.ThrowsAsync<ArgumentException>(() => Reconciler(grid).Run(true, "nobody"));
    }

    [Fact]
    public async Task A_source_that_cannot_be_read_is_left_alone_and_told()
    {
        await using var grid = await StartAsync(TimeSpan.Zero);
        await SettleAsync(grid);
        _api.Broken = true;
        var report = await Reconciler(grid).Run(dryRun: false, null);
        Assert.Contains("answered 500", report.Sources.Single(s => s.Name == "api").Fault, StringComparison.Ordinal);
        Assert.Empty(_api.Writes);
        // Nobody knows more than the client, now that the API is silent.
        Assert.Equal("in_progress", _client.States["old"]);
        Assert.Contains((await grid.Client.GetGrain<IGridOperationsGrain>(0).Health()).Reasons, r => r.Contains("api could not be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_runs_by_itself_at_each_interval_and_what_is_on_its_way_is_no_difference()
    {
        await using var grid = await StartAsync(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        await grid.StartWorkerAsync("worker", TestConnector.Completing());
        await grid.SubmitAsync(Submissions.Job("new"));
        await grid.CompletedAsync(1, "it is done");
        _api.States["new"] = "running";
        _client.States["old"] = "in_progress";
        _api.States["old"] = "done";
        await Eventually.EventuallyAsync("the client is put right", () => Task.FromResult(_client.States["old"] == "completed"));
        // A run that puts right is not over yet, and the first one leaves its report when it is.
        long? first = null;
        await Eventually.EventuallyAsync("a run is over", async () => (first = (await Reconciler(grid).Last())?.At) is not null);
        await Eventually.EventuallyAsync("it runs again", async () => (await Reconciler(grid).Last())!.At > first);
        Assert.Equal("running", _api.States["new"]);
    }

    [Fact]
    public async Task Without_a_source_it_says_what_is_missing()
    {
        await using var grid = await GridCluster.StartAsync();
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => Reconciler(grid).Run(true, null));
        Assert.Contains("JobGrid:Reconciliation:Sources", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>20 jobs are done, of which the API has two wrong and one not at all; it has one that nobody submitted, and the client an old one.</summary>
    private async Task SettleAsync(GridCluster grid)
    {
        await grid.StartWorkerAsync("worker", 4, TestConnector.Completing());
        await grid.SubmitAsync(Submissions.Jobs("done", 20));
        await grid.CompletedAsync(20, "all are done");
        for (var i = 0; i < 19; i++)
            _api.States[$"done-{i}"] = i switch { 0 => "running", 1 => "failed", _ => "done" };
        for (var i = 0; i < 4; i++)
            _api.States[$"expired-{i}"] = "done";
        (_api.States["lost"], _api.States["old"]) = ("running", "done");
        (_client.States["old"], _client.States["done-5"]) = ("in_progress", "completed");
    }

    private static string Shown(StateDifference d) => $"{d.Source} {d.Kind} {d.Id} {d.Has}->{d.ShouldBe}";

    private static IStateReconcilerGrain Reconciler(GridCluster grid) => grid.Client.GetGrain<IStateReconcilerGrain>(0);

    private Task<GridCluster> StartAsync(TimeSpan interval, TimeSpan grace = default) => GridCluster.StartAsync(options: o =>
    {
        (o.Reconciliation.Interval, o.Reconciliation.Grace) = (interval, grace);
        var api = new StateSourceOptions { Url = _api.Url, Rank = 2, ExpectsAll = grace == default };
        foreach (var (state, word) in (Dictionary<string, string>)new() { ["completed"] = "done", ["pending"] = "running", ["assigned"] = "running", ["in_progress"] = "running" })
            api.States[state] = word;
        o.Reconciliation.Sources["api"] = api;
        o.Reconciliation.Sources["client"] = new() { Url = _client.Url, Rank = 3 };
    });
}
