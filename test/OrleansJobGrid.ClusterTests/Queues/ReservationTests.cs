using Orleans.Concurrency;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Queues;

/// <summary>Jobs that a queue took out for a claim, until they are settled.</summary>
public sealed class ReservationTests
{
    private static readonly TimeSpan NoWait = TimeSpan.Zero;
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task A_job_that_nobody_settles_is_offered_again()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(Submissions.Job("job"));
        Assert.Equal(["job"], await ReserveAsync(grid, LongWait));
        Assert.Empty(await ReserveAsync(grid, NoWait));

        await grid.StartWorkerAsync("worker", TestConnector.Completing());
        await grid.StatusAsync("job", JobStatus.Completed, "its reservation ran out", LongWait);
        Assert.Equal(1, (await grid.Store.ReadAsync("job"))!.Epoch);
    }

    [Fact]
    public async Task A_job_that_is_being_started_is_offered_to_nobody_else_though_its_entry_is_found_again()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync([.. Submissions.Jobs("told", 20)]);
        Assert.Equal(20, (await ReserveAsync(grid, LongWait, 20)).Count);
        grid.FilterHints((_, _) => false);
        await grid.SubmitAsync([.. Submissions.Jobs("found", 20)]);

        // Their shards are read again, where the first ones are ready as well.
        HashSet<string> found = [];
        while (found.Count < 20)
        {
            var some = await ReserveAsync(grid, LongWait, 20);
            Assert.NotEmpty(some);
            Assert.All(some, j => Assert.StartsWith("found", j));
            found.UnionWith(some);
        }

        Assert.True((await grid.Queue().Describe()).Rescans > 0);
        Assert.Empty(await ReserveAsync(grid, NoWait));
    }

    [Fact]
    public async Task Each_outcome_of_a_start_does_what_it_says()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(Submissions.Job("again"), Submissions.Job("gone"), Submissions.Job("faulted"));
        var three = (await grid.Queue().Reserve(Claim(LongWait, 3))).Jobs.ToDictionary(j => j.JobId);
        Assert.Equal(3, three.Count);
        Settlement Of(string job, StartOutcome outcome) => new(job, three[job].Reservation, outcome);
        await SettleAsync(grid, Of("again", StartOutcome.Again), Of("gone", StartOutcome.Gone), Of("faulted", StartOutcome.Faulted));

        Assert.Equal(["again"], await ReserveAsync(grid, LongWait, 3));
        Assert.Equal(["faulted"], await ReserveAsync(grid, LongWait, 3));
        Assert.Equal(0, (await grid.Queue().Describe()).Depth);
        // A word about a reservation that is over changes nothing.
        await SettleAsync(grid, Of("again", StartOutcome.Again));
        Assert.Empty(await ReserveAsync(grid, NoWait, 3));
    }

    [Fact]
    public async Task An_end_that_comes_before_the_word_of_the_start_frees_the_customer_once()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Customers["x"] = new() { MaxInFlight = 1 });
        await grid.SubmitAsync([.. Submissions.Jobs("x", 3).Select(j => j with { CustomerId = "x" })]);
        var first = Assert.Single((await grid.Queue().Reserve(Claim(LongWait, 3))).Jobs);
        Assert.Equal("x-0", first.JobId);
        Assert.Empty(await ReserveAsync(grid, NoWait));

        await EndAsync(grid, "x-0");
        var second = Assert.Single((await grid.Queue().Reserve(Claim(LongWait, 3))).Jobs);
        Assert.Equal("x-1", second.JobId);
        await SettleAsync(grid, new(first.JobId, first.Reservation, StartOutcome.Granted, 1), new(second.JobId, second.Reservation, StartOutcome.Granted, 1));
        Assert.Empty(await ReserveAsync(grid, NoWait));
        await EndAsync(grid, "x-1");
        Assert.Equal(["x-2"], await ReserveAsync(grid, LongWait, 3));
    }

    [Fact]
    public async Task Claims_that_travel_together_are_answered_each_on_its_own_in_their_order()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync([.. Submissions.Jobs("job", 4)]);
        await Eventually.EventuallyAsync("the queue has seen them", async () => (await grid.Queue().Describe()).Depth == 4);
        var claim = Claim(NoWait, 1);
        var answers = await grid.Queue().ReserveNow(new(
        [
            claim,
            claim with { WorkerId = "garbled", Capabilities = "no JSON", CapabilitiesKey = "key" },
            claim with { WorkerId = "unknown", CapabilitiesKey = "another key" },
            claim with { WorkerId = "other", Max = 2 },
            claim with { Services = ["nobody"], WorkerId = "none of it" },
        ]));

        Assert.Equal(["job-0"], answers[0].Jobs.Select(j => j.JobId));
        Assert.Contains("worker 'garbled'", answers[1].Fault, StringComparison.Ordinal);
        Assert.True(answers[2].NeedsCapabilities);
        Assert.Equal(["job-1", "job-2"], answers[3].Jobs.Select(j => j.JobId));
        Assert.Empty(answers[4].Jobs);
        Assert.Equal(1, (await grid.Queue().Describe()).Depth);
    }

    private static async Task<IReadOnlyList<string>> ReserveAsync(GridCluster grid, TimeSpan wait, int most = 1) =>
        [.. (await grid.Queue().Reserve(Claim(wait, most))).Jobs.Select(j => j.JobId)];

    private static Task SettleAsync(GridCluster grid, params IReadOnlyList<Settlement> settlements) => grid.Queue().Settle(new(settlements));

    private static Task EndAsync(GridCluster grid, string jobId) =>
        grid.Queue().Ended(new Immutable<IReadOnlyList<EndedHint>>([new(jobId, 1, "x", "", EndedKind.Completed, 0, null)]));

    private static ClaimRequest Claim(TimeSpan wait, int most) =>
        new() { ClaimId = Guid.NewGuid(), WorkerId = "nobody", SessionId = "none", Services = [TestConnector.DefaultService], Max = most, Wait = wait };
}
