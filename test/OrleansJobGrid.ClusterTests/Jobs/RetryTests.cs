using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

public sealed class RetryTests
{
    private static readonly BackoffPolicy Short = new(50, 1_000, 2);

    [Fact]
    public async Task A_transient_failure_waits_longer_each_time_and_the_third_attempt_completes()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector(script: run => Task.FromResult(
            run.Context.Attempt < 3 ? ConnectorResult.Failed(FailureClass.Transient, "busy", "Busy.") : TestConnector.Done()));
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job") with { Retry = new(400, 10_000, 2) });

        await grid.StatusAsync("job", JobStatus.Completed, "the third attempt");
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.Equal((3, 3L, 2), (job.Attempt, job.Epoch, job.Failures!.Count));
        Assert.Equal([1, 2], job.Failures.Select(f => f.Attempt));
        Assert.True(job.Failures[1].At - job.Failures[0].At >= 300, "The first wait is at least 75 % of 400 ms.");
        Assert.True(job.LastGrant!.At - job.Failures[1].At >= 600, "The second wait is at least 75 % of 800 ms.");
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }

    [Fact]
    public async Task Without_a_policy_of_its_own_a_job_waits_about_two_seconds_after_its_first_transient_failure()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        (await connector.NextAsync("the first attempt")).Fail(FailureClass.Transient);
        await grid.StatusAsync("job", JobStatus.Retrying, "the failure is written");
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.InRange(job.RetryAt!.Value - job.Failures![0].At, 1_500, 2_500);
        (await connector.NextAsync("the second attempt")).Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the second attempt");
        Assert.True((await grid.Store.ReadAsync("job"))!.LastGrant!.At >= job.RetryAt);
    }

    [Theory]
    [InlineData(FailureClass.Transient, null, 5)]
    [InlineData(FailureClass.ResourceExhaustion, null, 3)]
    [InlineData(FailureClass.Malformed, null, 1)]
    [InlineData(FailureClass.Refused, null, 1)]
    [InlineData(FailureClass.Transient, 1, 2)]
    [InlineData(FailureClass.ResourceExhaustion, 0, 1)]
    public async Task A_job_that_always_fails_becomes_a_dead_letter_with_all_its_failures(FailureClass failure, int? maxRetries, int attempts)
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector(script: _ => Task.FromResult(ConnectorResult.Failed(failure, "test_failure", "No.")));
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job") with { Retry = failure == FailureClass.Transient ? Short : null, MaxRetries = maxRetries });

        await grid.StatusAsync("job", JobStatus.Failed, "the attempts are used up");
        var job = (await grid.Query.Get("job"))!;
        Assert.Equal(Enumerable.Range(1, attempts), job.Failures.Select(f => f.Attempt));
        Assert.All(job.Failures, f => Assert.Equal(("worker", "test_failure", "No."), (f.WorkerId, f.FailureReason, f.Message)));
        Assert.Equal(attempts, connector.Executions.Count);
        Assert.Equal(1, (await grid.Query.Metrics()).DeadLetters);
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task A_backoff_of_a_minute_and_more_has_a_reminder_whose_tick_moves_nothing_twice()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("job") with { Retry = new(120_000, 300_000, 2) });
        (await connector.NextAsync("the first attempt")).Fail(FailureClass.Transient);
        await grid.StatusAsync("job", JobStatus.Retrying, "the failure is written");
        var id = grid.Job("job").GetGrainId();
        var table = grid.SiloService<IReminderTable>();
        await Eventually.EventuallyAsync("the reminder is registered", async () => (await table.ReadRows(id)).Reminders.Count == 1);

        var tick = grid.Client.GetGrain(id).AsReference<IRemindable>();
        await tick.ReceiveReminder("backoff", default);
        Assert.Equal(JobStatus.Retrying, (await grid.Store.ReadAsync("job"))!.Status);

        grid.Store.Clock.Step(TimeSpan.FromSeconds(200));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => tick.ReceiveReminder("backoff", default)));
        var run = await connector.NextAsync("the second attempt");
        await tick.ReceiveReminder("backoff", default);
        run.Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the second attempt");
        await tick.ReceiveReminder("backoff", default);
        Assert.Equal(2, connector.Executions.Count);
        Assert.Single(await grid.Store.EventsAsync("job"), JobEventTypes.Released);
        await Eventually.EventuallyAsync("the reminder is gone", async () => (await table.ReadRows(id)).Reminders.Count == 0);
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }
}
