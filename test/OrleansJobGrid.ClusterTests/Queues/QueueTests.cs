using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Storage;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Queues;

public sealed class QueueTests
{
    private static readonly TimeSpan UnderLoad = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task A_job_whose_hint_is_lost_starts_on_a_waiting_worker_within_moments()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        grid.FilterHints((_, _) => false);
        var longest = TimeSpan.Zero;
        for (var i = 0; i < 5; i++)
        {
            await grid.WaitingAsync(1);
            var submitted = TimeProvider.System.GetTimestamp();
            await grid.SubmitAsync(Submissions.Job($"job-{i}"));
            var run = await connector.NextAsync($"job {i} starts without a hint");
            var took = TimeProvider.System.GetElapsedTime(submitted, run.StartedAt);
            longest = took > longest ? took : longest;
        }

        Eventually.Report($"longest start without a hint: {longest.TotalMilliseconds:0} ms");
        Assert.True(longest < UnderLoad, $"{longest}");
    }

    [Fact]
    public async Task Jobs_of_a_batch_and_of_several_callers_run_by_level_and_within_a_level_as_submitted()
    {
        await using var grid = await GridCluster.StartAsync();
        var draw = new Random(1);
        var jobs = Submissions.Jobs("job", 1_000).Select(j => j with { Priority = draw.Next(6) * 20 }).ToList();
        await grid.SubmitAsync(jobs[..700]);
        // Several callers, one after another; each is its own call to the grid.
        foreach (var job in jobs[700..850])
            await grid.SubmitAsync(job);
        foreach (var three in jobs[850..].Chunk(3))
            await grid.SubmitAsync(three);
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);

        await grid.CompletedAsync(jobs.Count, "one slot drains the queue", TimeSpan.FromSeconds(90));
        Assert.Equal(jobs.OrderByDescending(j => j.Priority).Select(j => j.Id), connector.Executions.Select(e => e.JobId));
    }

    [Fact]
    public async Task A_worker_of_all_queues_finds_a_new_queue_within_moments()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", 2, connector);
        await grid.WaitingAsync(2);
        var longest = TimeSpan.Zero;
        foreach (var queue in new[] { "second", "third", "second" })
        {
            var submitted = TimeProvider.System.GetTimestamp();
            await grid.SubmitAsync(Submissions.Job($"{queue}-{submitted}") with { Queue = queue });
            var run = await connector.NextAsync($"the job of queue {queue} starts");
            var took = TimeProvider.System.GetElapsedTime(submitted, run.StartedAt);
            longest = took > longest ? took : longest;
        }

        Eventually.Report($"longest start in a new or other queue: {longest.TotalMilliseconds:0} ms");
        Assert.True(longest < UnderLoad, $"{longest}");
    }

    [Fact]
    public async Task A_job_whose_record_cannot_be_read_blocks_nobody()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync([Submissions.Job("damaged") with { Priority = 100 }, .. Submissions.Jobs("job", 20)]);
        var stored = (await grid.Store.Inner.ReadJobsAsync(0, ["damaged"], TestContext.Current.CancellationToken))[0]!;
        var damage = new JobOperation
        {
            JobId = "damaged",
            OperationId = Guid.NewGuid(),
            ExpectedVersion = stored.Version,
            ExpectedOperationId = stored.OperationId,
            Record = "no record"u8.ToArray(),
        };
        Assert.True((await grid.Store.Inner.ApplyAsync(0, [damage], TestContext.Current.CancellationToken)).Results[0].Holds);
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);

        for (var i = 0; i < 20; i++)
            Assert.NotEqual("damaged", (await connector.NextAsync($"job {i} of 20 starts")).JobId);
    }

    [Fact]
    public async Task A_job_that_no_worker_can_do_blocks_nobody_and_says_why_it_waits()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.StartWorkerAsync("worker", TestConnector.Completing());

        var results = await grid.SubmitAsync([
            Submissions.Job("stranger", service: "nobody") with { Priority = 100 }, .. Submissions.Jobs("job", 20)]);
        Assert.NotNull(results[0].Warning);
        Assert.All(results.Skip(1), r => Assert.Null(r.Warning));
        await grid.CompletedAsync(20, "the others run");
        var stranger = await grid.Query.Get("stranger");
        Assert.Equal(JobStatus.Pending, stranger!.Status);
        Assert.Contains("nobody", stranger.UnworkableReason, StringComparison.Ordinal);
        Assert.Equal(1, stranger.QueuePosition);

        await grid.StartWorkerAsync("specialist", TestConnector.Completing("nobody"));
        await grid.StatusAsync("stranger", JobStatus.Completed, "a worker that can do it came");
    }

    [Fact]
    public async Task A_job_refused_to_an_ended_session_goes_to_the_next_worker()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.Store.Inner.MarkSessionEndedAsync("ended", CancellationToken.None);
        var claim = grid.Client.GetGrain<IWorkerGrain>("ghost").Claim(JobSubmissionLimits.DefaultQueue, new() { ClaimId = Guid.NewGuid(), WorkerId = "ghost", SessionId = "ended", Services = [TestConnector.DefaultService], Wait = TimeSpan.FromSeconds(15) });
        await grid.WaitingAsync(1);
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(2);

        // The ghost waits longest, so the job is offered to it first.
        await grid.SubmitAsync(Submissions.Job("job"));
        Assert.Empty((await claim.Within("the ghost's claim ends")).Grants);
        await grid.StatusAsync("job", JobStatus.Completed, "the living worker has it", TimeSpan.FromSeconds(10));
    }
}
