using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

public sealed class TimeLimitTests
{
    [Fact]
    public async Task An_attempt_that_runs_too_long_is_stopped_and_its_slot_takes_the_next_job()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("long") with { AttemptTimeoutMs = 1_500 });
        await grid.SubmitAsync(Submissions.Job("next"));
        var run = await connector.NextAsync("the long job starts");

        await grid.StatusAsync("long", JobStatus.Timeout, "its limit passed");
        await run.Cancelled.Within("its connector is cancelled");
        var next = await connector.NextAsync("the slot takes the next job");
        Assert.Equal("next", next.JobId);
        next.Complete();
        await grid.StatusAsync("next", JobStatus.Completed, "the next job");

        var job = (await grid.Store.ReadAsync("long"))!;
        var late = job.FinishedAt!.Value - (job.StartedAt ?? job.LastGrant!.At) - 1_500;
        Eventually.Report($"timed out {late} ms after its limit");
        Assert.InRange(late, 0, 5_000);
        Assert.Equal(ReportOutcome.Stale, await grid.Job("long").Complete(job.Token, new()));
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task Waiting_jobs_time_out_at_their_queue_limit_and_at_their_deadline()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(
            Submissions.Job("queue-limit") with { QueueTimeoutMs = 500 },
            Submissions.Job("deadline") with { Deadline = grid.Store.Now + 500 },
            Submissions.Job("patient"));
        await grid.StatusAsync("queue-limit", JobStatus.Timeout, "no worker came");
        await grid.StatusAsync("deadline", JobStatus.Timeout, "no worker came");

        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        await grid.StatusAsync("patient", JobStatus.Completed, "a worker came");
        Assert.Equal(["patient"], connector.Executions.Select(e => e.JobId));
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task A_running_job_is_stopped_at_its_deadline()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job") with { Deadline = grid.Store.Now + 2_000 });
        var run = await connector.NextAsync("the job starts");
        await grid.StatusAsync("job", JobStatus.Timeout, "its deadline passed");
        await run.Cancelled.Within("its connector is cancelled");
    }

    [Fact]
    public async Task A_job_does_not_start_before_its_time()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        var notBefore = grid.Store.Now + 1_500;
        await grid.SubmitAsync(Submissions.Job("later") with { NotBefore = notBefore, Priority = 100 }, Submissions.Job("now"));
        await grid.StatusAsync("later", JobStatus.Completed, "its time came");
        Assert.Equal(["now", "later"], connector.Executions.Select(e => e.JobId));
        Assert.True((await grid.Store.ReadAsync("later"))!.LastGrant!.At >= notBefore);
        await grid.Store.AssertEachCompletedOnceAsync(["now", "later"]);
    }
}
