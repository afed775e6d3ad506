using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.TestKit.Stores;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Recovery;

/// <summary>Work in a service outside whose worker is lost: asked about, adopted, held, resolved; never done twice.</summary>
public sealed class OutsideWorkTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Work_of_a_worker_that_is_cut_off_is_adopted_while_it_runs_and_is_done_once()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        var lost = new OutsideConnector(service);
        await grid.StartWorkerAsync("lost", 2, lost);
        await grid.SubmitAsync(Outside("job", 2));
        await RunningAsync(service, 2);

        grid.Calls.CutWorker("lost");
        await grid.StartWorkerAsync("heir", 2, new OutsideConnector(service));
        await Eventually.EventuallyAsync("both are adopted", async () => (await grid.Store.ReadAllAsync()).Values.All(j => j is { Adopted: not null, LastGrant.WorkerId: "heir" }), within: Long);
        service.Complete("job-0");
        service.Complete("job-1");
        await grid.CompletedAsync(2, "the heir fetches both", Long);

        Assert.Equal(2, service.Executions.Count);
        Assert.All((await grid.Store.ReadAllAsync()).Values, j => Assert.Equal((1, 2L, 0), (j.Attempt, j.Epoch, j.Rescues)));
        // The lost worker let go of what is not its own any more, and stopped nothing outside.
        Assert.All(lost.Contexts, c => Assert.True(c.LeaveRunning));
        await grid.Store.AssertEachCompletedOnceAsync(["job-0", "job-1"]);
    }

    [Fact]
    public async Task Work_that_was_done_while_nobody_watched_is_fetched_and_not_done_again()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        await grid.StartWorkerAsync("lost", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await RunningAsync(service, 1);
        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-0", JobStatus.Reconciling, "its worker is lost", Long);
        service.Complete("job-0");
        await Eventually.EventuallyAsync("nobody can ask", async () => (await grid.Store.ReadAsync("job-0"))?.Inquiry?.HeldReason?.StartsWith("nobody_can_ask", StringComparison.Ordinal) == true, within: Long);

        await grid.StartWorkerAsync("heir", 1, new OutsideConnector(service));
        await grid.StatusAsync("job-0", JobStatus.Completed, "it is fetched", Long);
        Assert.Single(service.Executions);
    }

    [Fact]
    public async Task Work_that_its_service_calls_by_an_id_of_its_own_is_adopted_by_another_worker()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService { KnowsOwnIdsOnly = true };
        await grid.StartWorkerAsync("lost", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await Eventually.EventuallyAsync("the id is on record", async () => (await grid.Store.ReadAsync("job-0"))?.Submissions?.Single().ServiceId == "own-1");
        grid.Calls.CutWorker("lost");
        await grid.StartWorkerAsync("heir", 1, new OutsideConnector(service));
        await Eventually.EventuallyAsync("it is adopted", async () => await grid.Store.ReadAsync("job-0") is { Adopted: not null, LastGrant.WorkerId: "heir" }, within: Long);
        service.Complete("job-0");
        await grid.StatusAsync("job-0", JobStatus.Completed, "the heir fetches it", Long);
        Assert.Single(service.Executions);
    }

    [Fact]
    public async Task Answers_of_the_store_lost_at_random_and_workers_lost_meanwhile_double_nothing_outside()
    {
        const int Count = 100;
        await using var grid = await ShortLeases(silos: 2);
        var service = new OutsideService { CompletesAfter = TimeSpan.FromMilliseconds(800) };
        await grid.StartWorkerAsync("lost", 4, new OutsideConnector(service));
        await grid.StartWorkerAsync("heir", 4, new OutsideConnector(service));
        var draw = new Random(3);
        grid.Store.Faulty.Arm(StoreFault.ThrowAfter, -1, _ => draw.NextDouble() < 0.15);
        await grid.SubmitAsync(Outside("job", Count));
        await grid.CompletedAsync(Count / 4, "a quarter is done", Long);
        grid.Calls.CutWorker("lost");
        await grid.CompletedAsync(Count, "all complete", TimeSpan.FromSeconds(90));
        grid.Store.Faulty.Disarm();

        Eventually.Report($"{grid.Store.Faulty.Struck} answers were lost, {service.Executions.Count} executions of {Count} jobs");
        Assert.True(grid.Store.Faulty.Struck > 20);
        Assert.Equal(Count, service.Executions.Count);
        await grid.Store.AssertEachCompletedOnceAsync([.. Enumerable.Range(0, Count).Select(n => $"job-{n}")]);
    }

    [Fact]
    public async Task A_service_that_was_restarted_and_forgot_its_work_gets_it_again()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        await grid.StartWorkerAsync("worker", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await RunningAsync(service, 1);
        service.Away = true;
        await grid.StatusAsync("job-0", JobStatus.Reconciling, "its worker cannot say what became of it", Long);
        service.Restart();
        service.Away = false;
        await RunningAsync(service, 1);
        service.Complete("job-0");
        await grid.StatusAsync("job-0", JobStatus.Completed, "it ran again", Long);
        Assert.Equal(2, service.Executions.Count);
        Assert.Contains(await grid.Store.EventsAsync("job-0"), e => e.Contains("requeued", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rerun", JobStatus.Pending)]
    [InlineData(null, JobStatus.Failed)]
    public async Task A_job_that_nobody_can_say_anything_of_ends_as_its_submitter_wished(string? onUnknown, JobStatus status)
    {
        await using var grid = await ShortLeases(o => o.Recovery.HoldLimit = TimeSpan.FromSeconds(3));
        var service = new OutsideService();
        await grid.StartWorkerAsync("lost", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1)[0] with { OnUnknown = onUnknown });
        await RunningAsync(service, 1);
        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-0", status, "held for its limit", Long);
        Assert.Single(service.Executions);
    }

    [Theory]
    [InlineData("rerun", JobStatus.Completed, 2)]
    [InlineData(null, JobStatus.Failed, 1)]
    public async Task A_job_of_a_service_that_cannot_tell_ends_so_at_once(string? onUnknown, JobStatus status, int executions)
    {
        await using var grid = await ShortLeases(o => o.Recovery.HoldLimit = TimeSpan.FromHours(1));
        var service = new OutsideService();
        await grid.StartWorkerAsync("lost", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1)[0] with { OnUnknown = onUnknown });
        await RunningAsync(service, 1);
        service.LoseTrack();
        service.CompletesAfter = TimeSpan.Zero;
        await grid.StartWorkerAsync("other", 1, new OutsideConnector(service));
        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-0", status, "decided at once", Long);
        Assert.Contains("held", await grid.Store.EventsAsync("job-0"));
        Assert.Equal(executions, service.Executions.Count);
    }

    [Theory]
    [InlineData(Resolution.Completed, JobStatus.Completed)]
    [InlineData(Resolution.Requeue, JobStatus.Pending)]
    [InlineData(Resolution.Fail, JobStatus.Failed)]
    public async Task An_operators_word_ends_a_hold(Resolution resolution, JobStatus status)
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        await grid.StartWorkerAsync("lost", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await RunningAsync(service, 1);
        Assert.False((await grid.Job("job-0").Resolve(resolution, "too early", null)).Accepted);
        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-0", JobStatus.Reconciling, "its worker is lost", Long);
        var answer = await grid.Job("job-0").Resolve(resolution, "I looked", resolution == Resolution.Completed ? "1"u8.ToArray() : null);
        Assert.Equal((true, status), (answer.Accepted, answer.Status));
        Assert.Equal(status, (await grid.Store.ReadAsync("job-0"))!.Status);
    }

    [Fact]
    public async Task A_cancel_stops_the_work_outside_also_where_its_worker_is_lost()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        await grid.StartWorkerAsync("lost", 2, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 2));
        await RunningAsync(service, 2);
        Assert.True((await grid.Job("job-0").Cancel("enough")).Accepted);
        await grid.StatusAsync("job-0", JobStatus.Cancelled, "its worker stops it");
        Assert.Equal(SubmissionState.Cancelled, service.StateOf("job-0"));

        grid.Calls.CutWorker("lost");
        await grid.StatusAsync("job-1", JobStatus.Reconciling, "its worker is lost", Long);
        Assert.True((await grid.Job("job-1").Cancel("enough")).Accepted);
        await grid.StartWorkerAsync("heir", 1, new OutsideConnector(service));
        await grid.StatusAsync("job-1", JobStatus.Cancelled, "another worker stops it", Long);
        Assert.Equal((SubmissionState.Cancelled, 2), (service.StateOf("job-1"), service.Executions.Count));
    }

    [Fact]
    public async Task A_worker_that_leaves_lets_go_of_the_work_outside_and_another_one_takes_it_over()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        var leaver = await grid.StartWorkerAsync("leaver", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await RunningAsync(service, 1);
        await grid.StartWorkerAsync("heir", 1, new OutsideConnector(service));
        await leaver.StopAsync(TimeSpan.Zero);
        await Eventually.EventuallyAsync("it is adopted", async () => (await grid.Store.ReadAsync("job-0"))?.LastGrant?.WorkerId == "heir", within: Long);
        service.Complete("job-0");
        await grid.StatusAsync("job-0", JobStatus.Completed, "the heir fetches it", Long);
        Assert.Single(service.Executions);
        Assert.Equal(0, (await grid.Store.ReadAsync("job-0"))!.Rescues);
    }

    [Fact]
    public async Task A_paused_job_is_stopped_outside_and_begins_anew_when_it_is_resumed()
    {
        await using var grid = await ShortLeases();
        var service = new OutsideService();
        await grid.StartWorkerAsync("worker", 1, new OutsideConnector(service));
        await grid.SubmitAsync(Outside("job", 1));
        await RunningAsync(service, 1);
        Assert.True((await grid.Job("job-0").Pause("wait")).Accepted);
        await grid.StatusAsync("job-0", JobStatus.Paused, "it is stopped");
        Assert.Equal(0, service.Running);
        Assert.True((await grid.Job("job-0").Resume("go on")).Accepted);
        await RunningAsync(service, 1);
        service.Complete("job-0");
        await grid.StatusAsync("job-0", JobStatus.Completed, "it is done");
        Assert.Equal(1, (await grid.Store.ReadAsync("job-0"))!.Attempt);
    }

    private static Task<GridCluster> ShortLeases(Action<Grains.Hosting.JobGridOptions>? options = null, short silos = 1) => GridCluster.StartAsync(silos, options: o =>
    {
        o.Lease = TimeSpan.FromSeconds(4);
        options?.Invoke(o);
    });

    private static JobSubmission[] Outside(string prefix, int count) => [.. Submissions.Jobs(prefix, count).Select(j => j with { Service = OutsideService.Service })];

    private static Task RunningAsync(OutsideService service, int count) =>
        Eventually.EventuallyAsync($"{count} run outside", () => Task.FromResult(service.Running == count), within: Long);
}
