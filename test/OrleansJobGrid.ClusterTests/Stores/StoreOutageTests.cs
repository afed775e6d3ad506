using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Stores;

public sealed class StoreOutageTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_store_that_is_away_for_two_seconds_in_the_middle_of_traffic_loses_and_doubles_nothing()
    {
        const int Count = 200;
        await using var grid = await GridCluster.StartAsync(silos: 2);
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", 4, connector);
        var jobs = Submissions.Jobs("job", Count);
        foreach (var part in jobs[..100].Chunk(20))
            await grid.SubmitAsync(part);

        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, _ => true);
        // Submitted into the outage, and waiting for its end.
        var during = grid.SubmitAsync(jobs[100..]);
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        grid.Store.Faulty.Disarm();

        Assert.All(await during.Within("the submissions are answered"), r => Assert.Equal(SubmitOutcome.Created, r.Outcome));
        await grid.CompletedAsync(Count, "all complete after the outage", Long);
        Eventually.Report($"{grid.Store.Faulty.Struck} calls failed in the outage");
        Assert.True(grid.Store.Faulty.Struck > 10);
        await grid.Store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
        Assert.Equal(Count, connector.Executions.Count);
    }

    [Fact]
    public async Task Answers_lost_at_random_lose_and_double_nothing()
    {
        const int Count = 300;
        await using var grid = await GridCluster.StartAsync(silos: 2);
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", 4, connector);
        var draw = new Random(8);
        // The predicate runs under the decorator's lock.
        grid.Store.Faulty.Arm(StoreFault.ThrowAfter, -1, _ => draw.NextDouble() < 0.1);
        var jobs = Submissions.Jobs("job", Count);
        foreach (var part in jobs.Chunk(5))
        {
            var answers = await grid.SubmitAsync(part);
            Assert.All(answers, r => Assert.Equal(SubmitOutcome.Created, r.Outcome));
        }

        await grid.CompletedAsync(Count, "all complete although answers are lost", Long);
        grid.Store.Faulty.Disarm();
        Eventually.Report($"{grid.Store.Faulty.Struck} answers were lost, {connector.Executions.Count} runs of {Count} jobs");
        Assert.True(grid.Store.Faulty.Struck > 20);
        await grid.Store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
        Assert.Equal(Count, connector.Executions.Select(e => e.JobId).Distinct().Count());
    }

    [Fact]
    public async Task Jobs_that_fall_due_while_writes_fail_are_moved_soon_after()
    {
        const int Count = 20;
        await using var grid = await GridCluster.StartAsync(silos: 2, options: o => o.StoreResend = TimeSpan.Zero);
        await grid.StartWorkerAsync("worker", 4, TestConnector.Completing());
        await grid.SubmitAsync([.. Submissions.Jobs("job", Count).Select(j => j with { NotBefore = grid.Store.Now + 700 })]);
        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, c => c.Method == nameof(IJobStore.ApplyAsync));
        const int DueFailed = 1502;
        await Eventually.EventuallyAsync("due calls fail", () => Task.FromResult(grid.Log.Count(DueFailed) >= Count));
        grid.Store.Faulty.Disarm();
        await grid.CompletedAsync(Count, "they are moved once writes go again");
        await grid.Store.AssertEachCompletedOnceAsync([.. Enumerable.Range(0, Count).Select(i => $"job-{i}")]);
    }

    [Theory]
    [InlineData(StoreFault.ThrowBefore, SubmitOutcome.Created)]
    [InlineData(StoreFault.ThrowAfter, SubmitOutcome.Replayed)]
    public async Task A_submission_in_a_long_outage_is_unknown_and_the_same_again_never_doubles(StoreFault fault, SubmitOutcome again)
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.StoreResend = TimeSpan.FromMilliseconds(300));
        grid.Store.Faulty.Arm(fault, -1, c => c.Method == nameof(IJobStore.ApplyAsync));
        var first = (await grid.SubmitAsync(Submissions.Job("job")))[0];
        Assert.Equal(("job", SubmitOutcome.Unknown), (first.JobId, first.Outcome));
        Assert.NotNull(first.Message);

        grid.Store.Faulty.Disarm();
        Assert.Equal(again, (await grid.SubmitAsync(Submissions.Job("job")))[0].Outcome);
        await grid.StartWorkerAsync("worker", TestConnector.Completing());
        await grid.StatusAsync("job", JobStatus.Completed, "it runs");
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }

    [Fact]
    public async Task A_fault_of_the_store_keeps_its_kind_on_the_way_to_a_client()
    {
        await using var grid = await GridCluster.StartAsync();
        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, c => c.Method == nameof(IJobStore.ReadJobsAsync));
        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(() => grid.Job("job").Cancel("test"));
        Assert.Contains("did not reach the store", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_submission_while_nothing_answers_is_unknown_with_its_id()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.StoreResend = TimeSpan.FromMilliseconds(300));
        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, _ => true);
        Assert.All(
            await grid.SubmitAsync(Submissions.Jobs("job", 3)),
            r => Assert.Equal(SubmitOutcome.Unknown, r.Outcome));
        grid.Store.Faulty.Disarm();
        // What only decorates the answer decides nothing about the submission.
        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, c => c.Method == nameof(IJobStore.ReadSessionsAsync));
        Assert.All(
            await grid.SubmitAsync(Submissions.Jobs("job", 3)),
            r => Assert.Equal(SubmitOutcome.Created, r.Outcome));
    }
}
