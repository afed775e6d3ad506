using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

public sealed class CancelTests
{
    [Fact]
    public async Task Queued_and_retrying_jobs_are_cancelled_at_once_and_never_run_again()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("retrying") with { Retry = new(600_000, 600_000, 1) });
        (await connector.NextAsync("it starts")).Fail(FailureClass.Transient);
        await grid.StatusAsync("retrying", JobStatus.Retrying, "the failure is written");
        await grid.SubmitAsync(Submissions.Job("queued") with { NotBefore = grid.Store.Now + 600_000 });

        Assert.Equal((true, JobStatus.Cancelled), Of(await grid.Job("retrying").Cancel("test")));
        Assert.Equal((true, JobStatus.Cancelled), Of(await grid.Job("queued").Cancel("test")));
        Assert.Equal((true, JobStatus.Cancelled), Of(await grid.Job("queued").Cancel("again")));
        Assert.False((await grid.Job("absent").Cancel("test")).Found);
        grid.Store.Clock.Step(TimeSpan.FromSeconds(700));
        await grid.SubmitAsync(Submissions.Job("after"));
        Assert.Equal("after", (await connector.NextAsync("the worker takes another")).JobId);
        Assert.Equal(JobStatus.Cancelled, (await grid.Store.ReadAsync("retrying"))!.Status);
        Assert.Equal(JobStatus.Cancelled, (await grid.Store.ReadAsync("queued"))!.Status);
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task A_cancelled_running_job_reaches_its_connector_and_frees_its_slot()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        var longest = TimeSpan.Zero;
        for (var i = 0; i < 3; i++)
        {
            await grid.SubmitAsync(Submissions.Job($"job-{i}"));
            var run = await connector.NextAsync("it starts");
            var asked = TimeProvider.System.GetTimestamp();
            Assert.True((await grid.Job(run.JobId).Cancel("test")).Accepted);
            await run.Cancelled.Within("its connector is cancelled");
            var took = TimeProvider.System.GetElapsedTime(asked);
            longest = took > longest ? took : longest;
            await grid.StatusAsync(run.JobId, JobStatus.Cancelled, "its worker confirmed");
        }

        Eventually.Report($"longest way of a cancel to its connector: {longest.TotalMilliseconds:0} ms");
        Assert.True(longest < TimeSpan.FromSeconds(5), $"{longest}");
    }

    [Fact]
    public async Task A_completion_that_comes_before_the_stop_wins_and_says_so()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        var run = await connector.NextAsync("it starts");
        run.IgnoresCancellation = true;
        await grid.Job("job").Cancel("test");
        await run.Cancelled.Within("its connector hears of it");
        run.Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the work was done all the same");
        Assert.Contains("cancel", (await grid.Store.ReadAsync("job"))!.EndReason, StringComparison.Ordinal);
        Assert.False((await grid.Job("job").Cancel("too late")).Accepted);
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }

    [Fact]
    public async Task A_stop_that_nobody_confirms_is_cancelled_after_a_minute_and_a_later_result_is_refused()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        var run = await connector.NextAsync("it starts");
        run.IgnoresCancellation = true;
        await grid.Job("job").Cancel("test");
        await run.Cancelled.Within("its connector hears of it");

        grid.Store.Clock.Step(JobDue.StopLimit + TimeSpan.FromSeconds(1));
        await grid.StatusAsync("job", JobStatus.Cancelled, "nobody confirmed the stop");
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.Equal("stop_unconfirmed", job.EndReason);
        Assert.Equal(ReportOutcome.Stale, await grid.Job("job").Complete(job.Token, new()));
        run.Complete();
        await grid.SubmitAsync(Submissions.Job("next"));
        await connector.NextAsync("the slot is free again");
        Assert.Equal(JobStatus.Cancelled, (await grid.Store.ReadAsync("job"))!.Status);
    }

    [Fact]
    public async Task A_job_of_a_lost_worker_that_was_asked_to_stop_is_cancelled_and_not_run_again()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("lost", connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        await connector.NextAsync("it starts");
        grid.Calls.CutWorker("lost");
        await grid.Job("job").Cancel("test");
        await grid.StatusAsync("job", JobStatus.Cancelled, "the lease ended", TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await grid.Store.ReadAsync("job"))!.Epoch);
    }

    private static (bool Accepted, JobStatus Status) Of(ControlAnswer answer) => (answer.Accepted, answer.Status);
}
