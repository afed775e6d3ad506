using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Workers;

public sealed class WorkerDeathTests
{
    private static readonly TimeSpan LeaseAndMore = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_worker_cut_off_stops_its_work_by_itself_and_its_jobs_run_elsewhere_without_counting_an_attempt()
    {
        await using var grid = await GridCluster.StartAsync();
        var lost = new TestConnector();
        await grid.StartWorkerAsync("lost", 2, lost);
        await grid.SubmitAsync(Submissions.Jobs("job", 2));
        Execution[] runs = [await lost.NextAsync("the first job starts"), await lost.NextAsync("the second job starts")];

        var cutAt = TimeProvider.System.GetTimestamp();
        grid.Calls.CutWorker("lost");
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("heir", connector);
        await Task.WhenAll(runs.Select(r => r.Cancelled)).Within("the cut-off worker stops its work", LeaseAndMore);
        var stopped = TimeProvider.System.GetElapsedTime(cutAt);
        await grid.CompletedAsync(2, "the heir completes both", LeaseAndMore);
        Eventually.Report($"stopped by itself after {stopped.TotalSeconds:0.0} s, both completed elsewhere after {TimeProvider.System.GetElapsedTime(cutAt).TotalSeconds:0.0} s");

        foreach (var job in (await grid.Store.ReadAllAsync()).Values)
            Assert.Equal((1, 2L, "heir"), (job.Attempt, job.Epoch, job.LastGrant!.WorkerId));
        Assert.All(connector.Executions, e => Assert.Equal(1, e.Context.Attempt));
        var heirStarted = connector.Executions.Min(e => e.StartedAt);
        Assert.True(heirStarted >= cutAt + (long)(stopped.TotalSeconds * TimeProvider.System.TimestampFrequency), "The heir began before the lost worker had stopped.");
        await grid.Store.AssertEachCompletedOnceAsync(["job-0", "job-1"]);
    }

    [Fact]
    public async Task A_result_of_a_lost_worker_counts_until_the_job_is_granted_anew_and_not_after()
    {
        await using var grid = await GridCluster.StartAsync();
        var lost = new TestConnector();
        await grid.StartWorkerAsync("lost", 2, lost);
        await grid.SubmitAsync(Submissions.Jobs("job", 2));
        await lost.NextAsync("the first job starts");
        await lost.NextAsync("the second job starts");
        var first = (await grid.Store.ReadAsync("job-0"))!.Token;
        var second = (await grid.Store.ReadAsync("job-1"))!.Token;
        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-0", JobStatus.Pending, "the lease ended", LeaseAndMore);
        await grid.StatusAsync("job-1", JobStatus.Pending, "the lease ended", LeaseAndMore);
        Assert.Equal(0, (await grid.Store.ReadAsync("job-0"))!.Attempt);

        Assert.Equal(ReportOutcome.Accepted, await grid.Job("job-0").Complete(first, new()));
        await grid.StatusAsync("job-0", JobStatus.Completed, "the late result came before a new grant");

        var heir = new TestConnector();
        await grid.StartWorkerAsync("heir", heir);
        var run = await heir.NextAsync("the other job is granted anew");
        Assert.Equal("job-1", run.JobId);
        Assert.Equal(ReportOutcome.Stale, await grid.Job("job-1").Complete(second, new()));
        Assert.Equal(ReportOutcome.Stale, await grid.Job("job-1").Fail(second, new() { FailureClass = FailureClasses.Malformed, FailureType = "validation_error", FailureReason = "late", Message = "late" }));
        Assert.Equal(ReportOutcome.Stale, await grid.Job("job-1").Checkpoint(second, new([1])));
        Assert.False(run.Cancelled.IsCompleted);
        run.Complete();
        await grid.StatusAsync("job-1", JobStatus.Completed, "the new grant's result");
        await grid.Store.AssertEachCompletedOnceAsync(["job-0", "job-1"]);
    }

    [Fact]
    public async Task A_grant_whose_answer_was_lost_is_taken_back_and_runs()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(1);
        var dropped = 0;
        grid.Calls.LoseAnswer(call =>
            CallFilter.IsTo(call, "worker") && call.MethodName == nameof(IWorkerGrain.Claim)
            && call.Result is Contracts.Queues.ClaimAnswer { Grants.Count: > 0 } && Interlocked.Increment(ref dropped) == 1);

        var submitted = TimeProvider.System.GetTimestamp();
        await grid.SubmitAsync(Submissions.Job("job"));
        await grid.StatusAsync("job", JobStatus.Completed, "the grant was taken back", LeaseAndMore);
        Eventually.Report($"completed {TimeProvider.System.GetElapsedTime(submitted).TotalSeconds:0.0} s after a lost claim answer");
        Assert.True(dropped >= 1, "No answer was lost.");
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.Equal((1, 2L), (job.Attempt, job.Epoch));
        Assert.Single(connector.Executions);
        Assert.Contains("grant_returned", await grid.Store.EventsAsync("job"));
    }

    [Fact]
    public async Task A_worker_whose_session_was_ended_begins_a_new_one_and_works_on()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", 2, connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        var run = await connector.NextAsync("the job starts");
        var session = (await grid.SessionOfAsync("worker"))!.Id;

        await grid.Store.Inner.MarkSessionEndedAsync(session, CancellationToken.None);
        await run.Cancelled.Within("its work is stopped");
        var again = await connector.NextAsync("the job runs in a new session", LeaseAndMore);
        Assert.Equal(2, again.Context.Epoch);
        again.Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the new session's result");
        Assert.NotEqual(session, (await grid.SessionOfAsync("worker"))?.Id);
    }
}
