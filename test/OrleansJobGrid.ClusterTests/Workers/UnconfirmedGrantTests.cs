using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Jobs;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Workers;

/// <summary>What the grid granted and what its worker holds differ for a moment; they must not differ for long.</summary>
public sealed class UnconfirmedGrantTests
{
    private const int HeartbeatFailed = 2003;

    [Fact]
    public async Task A_heartbeat_that_the_store_kept_waiting_takes_back_nothing_granted_meanwhile()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Lease = TimeSpan.FromSeconds(20));
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(1);
        var session = await grid.SessionOfAsync("worker");
        grid.Store.Faulty.Arm(StoreFault.Delay, 1, c => c.Method == nameof(IJobStore.WriteSessionAsync), TimeSpan.FromSeconds(6));
        await Eventually.EventuallyAsync("a heartbeat waits for the store", () => Task.FromResult(grid.Store.Faulty.Struck == 1));

        await grid.SubmitAsync(Submissions.Job("job"));
        var run = await connector.NextAsync("the job starts");
        await Eventually.EventuallyAsync(
            "two heartbeats later", async () => (await grid.SessionOfAsync("worker"))?.ExpiresAt > session!.ExpiresAt + 9_000);
        Assert.False(run.Cancelled.IsCompleted);
        Assert.Equal(1, (await grid.Store.ReadAsync("job"))!.Epoch);
        Assert.DoesNotContain("grant_returned", await grid.Store.EventsAsync("job"));
        run.Complete();
        await grid.StatusAsync("job", JobStatus.Completed, "the only run");
        Assert.Single(connector.Executions);
    }

    [Fact]
    public async Task A_grant_lost_in_the_store_is_found_although_the_first_search_for_it_fails()
    {
        await using var grid = await GridCluster.StartAsync(options: o =>
        {
            o.StoreResend = TimeSpan.Zero;
            o.UnconfirmedGrant = TimeSpan.FromSeconds(1);
        });
        var connector = TestConnector.Completing();
        await grid.StartWorkerAsync("worker", connector);
        await grid.WaitingAsync(1);
        grid.Store.Faulty.Arm(StoreFault.ThrowAfter, 1, c => c.Batch.Any(o => o.Session is not null));
        grid.Store.Faulty.Arm(StoreFault.ThrowBefore, -1, c => c.Method == nameof(IJobStore.ReadIndexAsync));
        await grid.SubmitAsync(Submissions.Job("job"));
        await Eventually.EventuallyAsync("a search for lost grants fails", () => Task.FromResult(grid.Log.Count(HeartbeatFailed) > 0));
        Assert.Equal(JobStatus.Assigned, (await grid.Store.ReadAsync("job"))!.Status);

        grid.Store.Faulty.Disarm();
        await grid.StatusAsync("job", JobStatus.Completed, "the lost grant was taken back");
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.Equal((1, 2L), (job.Attempt, job.Epoch));
        Assert.Single(connector.Executions);
    }

    [Fact]
    public async Task A_heartbeat_that_was_on_its_way_while_its_job_ended_stops_nothing_and_a_later_one_that_lists_it_still_is_told()
    {
        await using var grid = await GridCluster.StartAsync();
        var worker = grid.Client.GetGrain<IWorkerGrain>("worker");
        var beat = new Heartbeat
        {
            SessionId = "session",
            Held = [],
            Profile = new() { Node = "node", Process = "", Services = [TestConnector.DefaultService], Slots = 1, StartedAt = 1, Version = "test" },
        };
        await worker.Heartbeat(beat);
        await grid.SubmitAsync(Submissions.Job("job"));
        var claim = await worker.Claim(
            JobSubmissionLimits.DefaultQueue,
            new() { ClaimId = Guid.NewGuid(), WorkerId = "worker", SessionId = "session", Services = [TestConnector.DefaultService], Wait = TimeSpan.FromSeconds(5) });
        var grant = Assert.Single(claim.Grants);
        beat = beat with { Held = [new(grant.JobId, grant.Token)] };
        Assert.Empty((await worker.Heartbeat(beat)).Stop);
        var answers = await worker.Report([new() { JobId = grant.JobId, Token = grant.Token, Completion = new() }], null, null);
        Assert.Equal(ReportOutcome.Accepted, Assert.Single(answers.Reports).Outcome);

        Assert.Empty((await worker.Heartbeat(beat)).Stop);
        Assert.Equal(new StopOrder("job", grant.Token, "the grant is not the job's any more"), Assert.Single((await worker.Heartbeat(beat)).Stop));
    }

    [Fact]
    public async Task Of_several_jobs_claimed_at_once_the_one_whose_grant_got_lost_comes_back()
    {
        await using var grid = await GridCluster.StartAsync(options: o =>
        {
            o.StoreResend = TimeSpan.Zero;
            o.UnconfirmedGrant = TimeSpan.FromSeconds(1);
        });
        var worker = grid.Client.GetGrain<IWorkerGrain>("worker");
        var beat = new Heartbeat
        {
            SessionId = "session",
            Held = [],
            Profile = new() { Node = "node", Process = "", Services = [TestConnector.DefaultService], Slots = 5, StartedAt = 1, Version = "test" },
        };
        await worker.Heartbeat(beat);
        await grid.SubmitAsync(Submissions.Jobs("job", 5));
        foreach (var job in Enumerable.Range(0, 5))
            grid.SiloService<RecentSubmissions>().Take($"job-{job}");
        // A watched job is in memory, the others must be read first: so its start is written alone, before theirs.
        var seen = (await grid.Job("job-0").Watch(0, 0, TimeSpan.Zero))!;
        var watching = grid.Job("job-0").Watch(seen.Version, seen.ProgressNumber, TimeSpan.FromSeconds(25));
        Assert.Equal(ReportOutcome.Stale, (await grid.Job("job-0").Progress(default, 0, null)).Outcome);
        grid.Store.Faulty.Arm(StoreFault.Delay, -1, c => c.Method == nameof(IJobStore.ReadJobsAsync), TimeSpan.FromSeconds(1));
        grid.Store.Faulty.Arm(StoreFault.ThrowAfter, 1, c => c.Batch.Any(o => o.JobId == "job-0"));
        var claim = await worker.Claim(
            JobSubmissionLimits.DefaultQueue,
            new() { ClaimId = Guid.NewGuid(), WorkerId = "worker", SessionId = "session", Services = [TestConnector.DefaultService], Max = 5, Wait = TimeSpan.FromSeconds(5) });
        grid.Store.Faulty.Disarm();
        await watching.Within("the watch ends with what was in memory");
        string[] granted = [.. claim.Grants.Select(g => g.JobId)];
        Assert.Equal(["job-1", "job-2", "job-3", "job-4"], granted.Order());
        Assert.Equal(JobStatus.Assigned, (await grid.Store.ReadAsync("job-0"))!.Status);

        beat = beat with { Held = [.. claim.Grants.Select(g => new HeldGrant(g.JobId, g.Token))] };
        await Eventually.EventuallyAsync("the lost grant is taken back", async () =>
        {
            await worker.Heartbeat(beat);
            return (await grid.Store.ReadAsync("job-0"))!.Status == JobStatus.Pending;
        });
        Assert.All(await Task.WhenAll(granted.Select(grid.Store.ReadAsync)), j => Assert.Equal(JobStatus.Assigned, j!.Status));
    }
}
