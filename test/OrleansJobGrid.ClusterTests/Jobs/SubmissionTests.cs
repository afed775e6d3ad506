using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

public sealed class SubmissionTests
{
    [Fact]
    public async Task The_same_submission_again_is_a_replay_and_another_body_a_conflict()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        Assert.Equal(SubmitOutcome.Created, (await grid.SubmitAsync(Submissions.Job("job")))[0].Outcome);
        Assert.Equal(SubmitOutcome.Replayed, (await grid.SubmitAsync(Submissions.Job("job")))[0].Outcome);
        var conflict = (await grid.SubmitAsync(Submissions.Job("job", """{"other":1}""")))[0];
        Assert.Equal(SubmitOutcome.Conflict, conflict.Outcome);
        Assert.Contains("'job'", conflict.Message, StringComparison.Ordinal);

        await grid.StartWorkerAsync("worker", TestConnector.Completing());
        await grid.StatusAsync("job", JobStatus.Completed, "it ran");
        Assert.Equal(SubmitOutcome.Replayed, (await grid.SubmitAsync(Submissions.Job("job")))[0].Outcome);
        await grid.Store.AssertEachCompletedOnceAsync(["job"]);
    }

    [Fact]
    public async Task Of_submissions_of_one_id_at_once_one_creates_and_each_other_is_a_replay_or_a_conflict()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        for (var round = 0; round < 20; round++)
        {
            string[] bodies = ["{}", """{"other":1}"""];
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
                (Body: bodies[i % 2], (await grid.SubmitAsync(Submissions.Job($"job-{round}", bodies[i % 2])))[0].Outcome)));

            var (winner, _) = Assert.Single(answers, a => a.Outcome == SubmitOutcome.Created);
            Assert.Equal(9, answers.Count(a => a.Body == winner && a.Outcome == SubmitOutcome.Replayed));
            Assert.Equal(10, answers.Count(a => a.Body != winner && a.Outcome == SubmitOutcome.Conflict));
            Assert.Equal(winner, (await grid.Store.ReadAsync($"job-{round}"))!.BodyHash);
        }

        Assert.Equal(20, (await grid.Store.ReadAllAsync()).Count);
        await grid.Store.AssertNoFaultAsync();
    }

    [Fact]
    public async Task Queued_jobs_hold_no_activation_and_one_of_them_can_be_watched_to_its_end()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        foreach (var thousand in Submissions.Jobs("job", 2_000).Chunk(1_000))
            Assert.All(await grid.SubmitAsync(thousand), r => Assert.Equal(SubmitOutcome.Created, r.Outcome));
        Assert.Equal(2_000, (await grid.Query.Metrics()).QueueDepth);
        await Eventually.EventuallyAsync("the view holds all", async () => (await grid.Queue().Describe()).Depth == 2_000);
        Assert.Equal(0, await JobActivations(grid));

        await grid.SubmitAsync(Submissions.Job("watched") with { Priority = 100 });
        var seen = new List<JobStatus>();
        var watching = Task.Run(async () =>
        {
            JobView? view = null;
            while (view is not { Status: JobStatus.Completed })
            {
                view = await grid.Job("watched").Watch(view?.Version ?? 0, view?.ProgressNumber ?? 0, TimeSpan.FromSeconds(10));
                lock (seen)
                    seen.Add(view!.Status);
            }
        });
        await Eventually.EventuallyAsync("the watcher saw it queued", () =>
        {
            lock (seen)
                return Task.FromResult(seen.Contains(JobStatus.Pending));
        });
        await grid.StartWorkerAsync("worker", TestConnector.Completing());
        await watching.Within("the watcher sees it completed");
        Assert.Equal(JobStatus.Pending, seen[0]);
    }

    [Fact]
    public async Task A_late_word_about_a_job_that_ended_leaves_no_activation()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2);
        await grid.SubmitAsync(Submissions.Jobs("job", 4));
        var grants = (await Task.WhenAll(Enumerable.Range(0, 4).Select(n => grid.Job($"job-{n}").TryStart(new("worker", "session"))))).Select(s => s.Grant!).ToList();
        Assert.Equal(4, await JobActivations(grid));
        foreach (var grant in grants)
            Assert.Equal(ReportOutcome.Accepted, await grid.Job(grant.JobId).Complete(grant.Token, new()));
        await Eventually.EventuallyAsync("the jobs left", async () => await JobActivations(grid) == 0);

        Assert.Equal(ReportOutcome.Stale, (await grid.Job("job-0").Progress(grants[0].Token, 99, "nearly")).Outcome);
        await grid.Job("job-1").Preview(grants[1].Token, new(new byte[1], "image/png"));
        Assert.Equal(ReportOutcome.Accepted, await grid.Job("job-2").Complete(grants[2].Token, new()));
        Assert.Equal(ReportOutcome.Stale, await grid.Job("job-3").Begin(grants[3].Token));
        await Eventually.EventuallyAsync("none stayed", async () => await JobActivations(grid) == 0);
    }

    private static async Task<int> JobActivations(GridCluster grid)
    {
        var all = await grid.Client.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics();
        Assert.NotEmpty(all);
        return all.Where(s => s.GrainType.Contains("JobGrain", StringComparison.Ordinal)).Sum(s => s.ActivationCount);
    }
}
