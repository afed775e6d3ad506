using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Workers;

public sealed class DrainTests
{
    [Fact]
    public async Task A_leaving_worker_lets_its_job_end_and_claims_nothing_more()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        var worker = await grid.StartWorkerAsync("worker", 2, connector);
        await grid.SubmitAsync(Submissions.Job("job"));
        var run = await connector.NextAsync("the job starts");
        await grid.WaitingAsync(1);

        var leaving = worker.StopAsync(TimeSpan.FromSeconds(30));
        await Eventually.EventuallyAsync("its free slot stops waiting", async () => (await grid.Queue().Describe()).WaitingWorkers == 0);
        await grid.SubmitAsync(Submissions.Job("later"));
        await Eventually.EventuallyAsync("the later job is in the view", async () => (await grid.Queue().Describe()).Depth == 1);
        Assert.False(run.Cancelled.IsCompleted);
        run.Complete();
        await leaving.Within("the worker leaves");

        Assert.Equal(JobStatus.Completed, (await grid.Store.ReadAsync("job"))!.Status);
        Assert.Equal((JobStatus.Pending, 0L), ((await grid.Store.ReadAsync("later"))!.Status, (await grid.Store.ReadAsync("later"))!.Epoch));
        await Eventually.EventuallyAsync("its session is removed", async () => (await grid.Store.Inner.ReadSessionsAsync(CancellationToken.None)).Sessions.Count == 0);
    }

    [Fact]
    public async Task A_job_longer_than_the_budget_goes_on_elsewhere_from_its_last_checkpoint()
    {
        await using var grid = await GridCluster.StartAsync();
        // Saves where it stands when it is told to end, as a renderer does.
        var leaver = new TestConnector(script: async run =>
        {
            await run.Context.SaveCheckpointAsync("early"u8.ToArray(), CancellationToken.None);
            await run.Cancelled;
            await run.Context.SaveCheckpointAsync("at the end"u8.ToArray(), CancellationToken.None);
            throw new OperationCanceledException();
        });
        var worker = await grid.StartWorkerAsync("leaver", leaver);
        await grid.SubmitAsync(Submissions.Job("job"));
        await leaver.NextAsync("the job starts");
        await Eventually.EventuallyAsync("the first checkpoint is written", async () => (await grid.Store.ReadAsync("job"))!.Checkpoint is not null);

        await worker.StopAsync(TimeSpan.FromMilliseconds(300)).Within("the worker leaves");
        var back = (await grid.Store.ReadAsync("job"))!;
        Assert.Equal((JobStatus.Pending, 0), (back.Status, back.Attempt));

        var heir = new TestConnector();
        await grid.StartWorkerAsync("heir", heir);
        var run = await heir.NextAsync("the job goes on elsewhere");
        Assert.Equal((1, 2L), (run.Context.Attempt, run.Context.Epoch));
        Assert.Equal("at the end"u8.ToArray(), run.Context.Checkpoint!.Value.ToArray());
        run.Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the heir's result");
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }
}
