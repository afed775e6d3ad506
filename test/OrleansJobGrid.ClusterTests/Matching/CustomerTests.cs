using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Hosting;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Matching;

/// <summary>What customers may have, over real grains.</summary>
public sealed class CustomerTests
{
    [Fact]
    public async Task A_customer_at_its_cap_waits_while_others_run_and_its_next_job_starts_when_one_ends()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Customers["x"] = new() { MaxInFlight = 2 });
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", 4, connector);
        await grid.SubmitAsync([.. Submissions.Jobs("x", 4).Select(j => j with { CustomerId = "x" }), Submissions.Job("y") with { CustomerId = "y" }]);
        var running = new[] { await connector.NextAsync("1"), await connector.NextAsync("2"), await connector.NextAsync("3") };

        Assert.Equal(["x-0", "x-1", "y"], running.Select(e => e.JobId).Order());
        await EventuallyAsync("the third says what holds it", async () => (await grid.Query.Why("x-2"))!.Summary.Contains("customer 'x' has 2 jobs in flight, its limit (MaxInFlight)", StringComparison.Ordinal));
        running.First(e => e.JobId == "x-0").Complete();
        Assert.Equal("x-2", (await connector.NextAsync("the next one of the customer")).JobId);
    }

    [Fact]
    public async Task A_queue_that_comes_up_elsewhere_counts_what_runs_already()
    {
        await using var grid = await GridCluster.StartAsync(silos: 3, options: o => o.Customers["x"] = new() { MaxInFlight = 2 });
        var connector = new TestConnector();
        // One slot is left, which the customer's third job would have.
        await grid.StartWorkerAsync("worker", 3, connector);
        var (queue, holder) = await QueueBesideAsync(grid, await grid.HomeOfAsync(grid.Client.GetGrain<IWorkerGrain>("worker")));
        await grid.SubmitAsync([.. Submissions.Jobs("x", 3).Select(j => j with { CustomerId = "x", Queue = queue })]);
        var running = new[] { await connector.NextAsync("1"), await connector.NextAsync("2") };

        await grid.Silos.KillSiloAsync(grid.Silos.GetSiloForAddress(holder)!);
        await EventuallyAsync("a job of another customer is taken", async () =>
            (await grid.SubmitAsync(Submissions.Job("y") with { CustomerId = "y", Queue = queue })) is [{ Outcome: SubmitOutcome.Created or SubmitOutcome.Replayed }]);
        Assert.Equal("y", (await connector.NextAsync("it starts, though it came last")).JobId);
        running.First(e => e.JobId == "x-0").Complete();
        Assert.Equal("x-2", (await connector.NextAsync("the next one of the customer")).JobId);
    }

    [Fact]
    public async Task A_submission_beyond_the_queued_cap_is_refused_with_the_limit_and_a_replay_is_not()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Customers["*"] = new() { MaxQueued = 2 });
        var jobs = Submissions.Jobs("job", 4).Select(j => j with { CustomerId = "x" }).ToList();
        var first = await grid.SubmitAsync(jobs[..3]);

        Assert.Equal([SubmitOutcome.Created, SubmitOutcome.Created, SubmitOutcome.OverLimit], first.Select(r => r.Outcome));
        Assert.Contains("has 2 jobs waiting in queue 'default', its limit (MaxQueued)", first[2].Message);
        await EventuallyAsync("the queue has seen both", async () => await grid.Queue().Queued("x") == 2);
        Assert.Equal(SubmitOutcome.Replayed, (await grid.SubmitAsync(jobs[0]))[0].Outcome);
        Assert.Equal(SubmitOutcome.OverLimit, (await grid.SubmitAsync(jobs[3]))[0].Outcome);
        Assert.Equal(SubmitOutcome.Created, (await grid.SubmitAsync(jobs[3] with { CustomerId = "y" }))[0].Outcome);
    }

    [Fact]
    public async Task A_budget_is_charged_at_the_claim_corrected_at_the_end_and_kept_over_a_restart()
    {
        await using var store = await GridStore.OpenAsync();
        void Budget(JobGridOptions o) => o.Customers["x"] = new() { GpuSecondsPerDay = 1.5 };
        await using (var grid = await GridCluster.StartAsync(store: store, options: Budget))
        {
            var connector = new TestConnector();
            await grid.StartWorkerAsync("worker", 4, connector);
            // Each is charged 1 s until runs were measured: two exhaust it.
            await grid.SubmitAsync([.. Submissions.Jobs("x", 3).Select(j => j with { CustomerId = "x" })]);
            var two = new[] { await connector.NextAsync("1"), await connector.NextAsync("2") };
            await EventuallyAsync("the third is held", async () => (await grid.Query.Why("x-2"))!.Wait?.CustomerHeld?.Contains("GPU-seconds", StringComparison.Ordinal) == true);
            // They took no time: corrected, there is room again.
            foreach (var run in two)
                run.Complete();
            (await connector.NextAsync("the third")).Complete();
            await grid.CompletedAsync(3, "all ran");
        }

        await using var again = await GridCluster.StartAsync(store: store, options: Budget);
        Assert.Equal(0, await again.Queue().Queued("x"));
    }

    [Fact]
    public async Task A_workflow_without_a_place_inherits_that_of_its_first_job_so_that_older_workflows_finish_first()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(Submissions.Job("a-1") with { WorkflowId = "a", WorkflowPriority = 70 });
        await grid.SubmitAsync(Submissions.Job("b-1") with { WorkflowId = "b" });
        await grid.SubmitAsync(Submissions.Job("a-2") with { WorkflowId = "a" }, Submissions.Job("b-2") with { WorkflowId = "b" }, Submissions.Job("single"));

        var (first, second) = ((await grid.Store.ReadAsync("a-1"))!, (await grid.Store.ReadAsync("a-2"))!);
        Assert.Equal((70, first.Order.Time), (second.WorkflowPriority!.Value, second.Order.Time));
        Assert.Equal((await grid.Store.ReadAsync("b-1"))!.Order.Time, (await grid.Store.ReadAsync("b-2"))!.Order.Time);
        Assert.Null((await grid.Store.ReadAsync("single"))!.WorkflowTime);
    }

    [Fact]
    public async Task The_priority_policy_computes_from_tier_urgency_and_deadline_where_no_priority_is_named()
    {
        await using var grid = await GridCluster.StartAsync(options: o =>
        {
            o.PriorityPolicy.Enabled = true;
            o.PriorityPolicy.Tiers["premium"] = 15;
            o.Customers["p"] = new() { Tier = "premium" };
        });
        await grid.SubmitAsync(
            Submissions.Job("urgent") with { CustomerId = "p", Urgency = "high" },
            Submissions.Job("named") with { CustomerId = "p", Urgency = "high", Priority = 3, OwnPriority = true },
            Submissions.Job("plain"));

        Assert.Equal(85, (await grid.Store.ReadAsync("urgent"))!.Priority);
        Assert.Equal(3, (await grid.Store.ReadAsync("named"))!.Priority);
        Assert.Equal(50, (await grid.Store.ReadAsync("plain"))!.Priority);
    }

    /// <summary>A queue on another silo than that of the worker's grain, whose death would end the worker's session.</summary>
    private static async Task<(string Queue, SiloAddress Holder)> QueueBesideAsync(GridCluster grid, SiloAddress? worker)
    {
        for (var n = 0; ; n++)
        {
            await grid.Queue($"queue-{n}").Describe();
            if (await grid.HomeOfAsync(grid.Queue($"queue-{n}")) is { } holder && !holder.Equals(worker))
                return ($"queue-{n}", holder);
        }
    }
}
