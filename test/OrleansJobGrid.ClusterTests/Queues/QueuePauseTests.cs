using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Queues;

public sealed class QueuePauseTests
{
    private const string Default = JobSubmissionLimits.DefaultQueue;

    [Fact]
    public async Task A_paused_queue_starts_nothing_while_what_runs_and_other_queues_go_on()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", 4, connector);
        await grid.SubmitAsync(Submissions.Job("ends"), Submissions.Job("fails"));
        Execution[] running = [await connector.NextAsync("the first runs"), await connector.NextAsync("the second runs")];
        await grid.WaitingAsync(1);

        var paused = await Operations(grid).PauseQueue(Default, "by day.");
        Assert.Equal("by day.", paused.Pause!.Reason);
        Assert.Equal("Queue 'default' gives out no jobs until 'jobgrid queues resume default'; what runs goes on, and no clock stops.", paused.Message);
        running.Single(r => r.JobId == "fails").Fail(FailureClass.Transient);
        running.Single(r => r.JobId == "ends").Complete();
        await grid.StatusAsync("ends", JobStatus.Completed, "what runs goes on");
        var later = Assert.Single(await grid.SubmitAsync(Submissions.Job("later")));
        Assert.Matches("^Its queue 'default' is paused since [0-9-]{10} [0-9:]{8}Z: by day\\.$", later.Warning);
        await EventuallyAsync("the failed one is ready again", async () => (await grid.Queue().Describe()).Depth == 2);
        await grid.WaitingAsync(1);
        await grid.SubmitAsync(Submissions.Job("other") with { Queue = "other" });
        Assert.Equal("other", (await connector.NextAsync("another queue goes on")).JobId);
        Assert.Equal(3, connector.Executions.Count);

        var why = await grid.Query.Why("later");
        Assert.Matches("^Its queue 'default' is paused since .*Z: by day; 1 job is before it\\. It ends as timeout at ", why!.Summary);
        Assert.Equal(
            [(Default, 2L, "by day."), ("other", 0L, null)],
            (await Operations(grid).Queues()).Select(q => (q.Name, q.Depth, q.Pause?.Reason)));
        var demand = Assert.Single(await Operations(grid).Demand());
        Assert.Equal((0L, 0, 2L), (demand.Jobs, demand.WantedWorkers, demand.PausedJobs));

        Assert.Equal("Queue 'default' gives out jobs again.", (await Operations(grid).ResumeQueue(Default)).Message);
        var after = new[] { await connector.NextAsync("one starts"), await connector.NextAsync("the other starts") };
        Assert.Equal(["fails", "later"], after.Select(a => a.JobId).Order(StringComparer.Ordinal));
        Assert.Equal("Queue 'default' was not paused.", (await Operations(grid).ResumeQueue(Default)).Message);
    }

    [Fact]
    public async Task A_pause_outlives_the_silo_that_kept_it()
    {
        await using var grid = await GridCluster.StartAsync(silos: 3);
        var connector = TestConnector.Completing();
        await Operations(grid).PauseQueue(Default, "by day");
        var holder = await grid.HomeOfAsync(grid.Queue());
        await grid.Silos.KillSiloAsync(grid.Silos.GetSiloForAddress(holder!)!);
        await EventuallyAsync("a job is taken", async () => (await grid.SubmitAsync(Submissions.Job("job"))) is [{ Outcome: SubmitOutcome.Created or SubmitOutcome.Replayed }]);
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(1);
        await EventuallyAsync("the queue has the job", async () => (await grid.Queue().Describe()).Depth == 1);
        await grid.SubmitAsync(Submissions.Job("other") with { Queue = "other" });
        Assert.Equal("other", (await connector.NextAsync("another queue goes on")).JobId);
        Assert.Single(connector.Executions);

        await Operations(grid).ResumeQueue(Default);
        Assert.Equal("job", (await connector.NextAsync("it starts")).JobId);
    }

    [Fact]
    public async Task A_queue_that_missed_the_word_of_its_pause_and_of_its_end_finds_both()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = TestConnector.Completing();
        await grid.SubmitAsync(Submissions.Job("job"));
        await EventuallyAsync("the queue has it", async () => (await grid.Queue().Describe()).Depth == 1);
        var pauses = new QueuePauses(grid.Store.Inner, TimeProvider.System);
        await pauses.Change(Default, _ => new(grid.Store.Now, "by day"));
        await EventuallyAsync("it knows of its pause", async () => (await grid.Queue().Wait("job"))!.Pause is not null);
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(1);
        Assert.Empty(connector.Executions);

        await pauses.Change(Default, _ => null);
        Assert.Equal("job", (await connector.NextAsync("it knows of the end")).JobId);
    }

    [Fact]
    public async Task Paused_and_resumed_again_and_again_it_loses_and_doubles_nothing()
    {
        await using var grid = await GridCluster.StartAsync();
        var jobs = Submissions.Jobs("job", 400);
        await grid.StartWorkerAsync("worker", 4, TestConnector.Completing());
        await grid.StartWorkerAsync("other", 4, TestConnector.Completing());
        await grid.WaitingAsync(2);
        foreach (var part in jobs.Chunk(10))
        {
            var submitted = grid.SubmitAsync(part);
            await Operations(grid).PauseQueue(Default, "a moment");
            await submitted;
            await Operations(grid).ResumeQueue(Default);
        }

        await grid.CompletedAsync(jobs.Length, "all run");
        await grid.Store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
    }

    /// <summary>A claim that was woken with a job and finds the queue paused gives it back; the end of the pause wakes it again, before its own end.</summary>
    [Fact]
    public async Task A_pause_in_the_moment_of_waking_loses_no_entry_and_its_end_wakes_who_waits()
    {
        const int Claims = 8;
        await using var grid = await GridCluster.StartAsync();
        for (var round = 0; round < 40; round++)
        {
            Task<ReservedJobs>[] claims = [.. Enumerable.Range(0, Claims).Select(_ => grid.Queue().Reserve(Claim()))];
            await grid.WaitingAsync(Claims);
            var jobs = Submissions.Jobs($"job-{round}", Claims);
            var submitting = grid.SubmitAsync(jobs);
            // Later and later, so that in some rounds it comes between the waking of a claim and its taking.
            var begun = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(begun) < round * TimeSpan.FromMicroseconds(50))
                await Task.Yield();
            await Task.WhenAll(submitting, Operations(grid).PauseQueue(Default, "a moment"));
            await Operations(grid).ResumeQueue(Default);

            var got = (await Task.WhenAll(claims).Within($"round {round}: all claims are answered")).Select(c => Assert.Single(c.Jobs)).ToList();
            Assert.Equal(jobs.Select(j => j.Id), got.Select(g => g.JobId).Order(StringComparer.Ordinal));
            await grid.Queue().Settle(new([.. got.Select(g => new Settlement(g.JobId, g.Reservation, StartOutcome.Gone))]));
            await Task.WhenAll(jobs.Select(j => grid.Job(j.Id).Cancel("the round is over")));
        }

        static ClaimRequest Claim() =>
            new() { ClaimId = Guid.NewGuid(), WorkerId = "worker", SessionId = "session", Services = [TestConnector.DefaultService], Wait = TimeSpan.FromSeconds(15) };
    }

    [Fact]
    public async Task A_pause_keeps_its_beginning_and_a_queue_without_jobs_is_shown_while_it_is_paused()
    {
        await using var grid = await GridCluster.StartAsync();
        var first = await Operations(grid).PauseQueue("nihgt", "by day");
        Assert.EndsWith(" No job was ever in it.", first.Message, StringComparison.Ordinal);
        var again = await Operations(grid).PauseQueue("nihgt", "for ever");
        Assert.Equal((first.Pause!.Since, "for ever"), (again.Pause!.Since, again.Pause.Reason));
        Assert.Equal([new QueueSummary("nihgt", 0, 0, again.Pause)], await Operations(grid).Queues());
        await Operations(grid).ResumeQueue("nihgt");
        Assert.Empty(await Operations(grid).Queues());
    }

    [Fact]
    public async Task Nothing_is_given_out_before_a_queue_knows_that_it_may()
    {
        await using var grid = await GridCluster.StartAsync();
        await new QueuePauses(grid.Store.Inner, TimeProvider.System).Change(Default, _ => new(grid.Store.Now, "by day"));
        var connector = TestConnector.Completing();
        // The queue comes up with the first claim.
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job"), Submissions.Job("other") with { Queue = "other" });
        Assert.Equal("other", (await connector.NextAsync("another queue goes on")).JobId);
        await grid.WaitingAsync(1);
        await EventuallyAsync("the queue has the job", async () => (await grid.Queue().Describe()).Depth == 1);
        Assert.Single(connector.Executions);
    }

    private static IGridOperationsGrain Operations(GridCluster grid) => grid.Client.GetGrain<IGridOperationsGrain>(0);
}
