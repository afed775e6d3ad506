using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Operations;
using OrleansJobGrid.Workers.Hosting;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Matching;

/// <summary>Workers register, drain, leave and are forgotten.</summary>
public sealed class RegistryTests
{
    [Fact]
    public async Task A_worker_that_is_told_to_drain_claims_no_more_and_claims_again_when_it_is_resumed()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync("worker", connector);
        await grid.SubmitAsync(Submissions.Job("running"));
        var running = await connector.NextAsync("it runs");
        Assert.True((await Operations(grid).Drain("worker", null, "maintenance")).Accepted);
        await EventuallyAsync("it drains", async () => (await ViewAsync(grid, "worker")).State == "draining");
        await grid.SubmitAsync(Submissions.Job("later"));
        running.Complete();
        await grid.StatusAsync("running", JobStatus.Completed, "its job ends in its own time");
        await EventuallyAsync("it is drained", async () => (await ViewAsync(grid, "worker")).State == "drained");
        Assert.Equal("maintenance", (await ViewAsync(grid, "worker")).DrainReason);
        Assert.Equal(JobStatus.Pending, (await grid.Store.ReadAsync("later"))!.Status);
        Assert.Contains("1 could do it: 1 draining", (await grid.Query.Why("later"))!.Summary);

        Assert.True((await Operations(grid).Resume("worker")).Accepted);
        Assert.Equal("later", (await connector.NextAsync("it claims again")).JobId);
    }

    [Fact]
    public async Task A_drain_with_a_deadline_hands_on_what_still_runs()
    {
        await using var grid = await GridCluster.StartAsync();
        var (first, second) = (new TestConnector(), TestConnector.Completing());
        await grid.StartWorkerAsync("first", first);
        await grid.SubmitAsync(Submissions.Job("job"));
        await first.NextAsync("it runs on the first");
        await grid.StartWorkerAsync("second", second);

        await Operations(grid).Drain("first", TimeSpan.FromSeconds(1), "spot notice");

        await grid.StatusAsync("job", JobStatus.Completed, "it ran on elsewhere");
        Assert.Equal("second", (await grid.Store.ReadAsync("job"))!.LastGrant!.WorkerId);
    }

    [Fact]
    public async Task A_worker_whose_gpu_is_gone_claims_nothing_and_says_so_until_it_is_back()
    {
        await using var grid = await GridCluster.StartAsync();
        var (gpu, connector) = (new TestGpu(), new TestConnector());
        await grid.StartWorkerAsync("worker", gpu, connector);
        await grid.WaitingAsync(1);
        gpu.Lose();
        await EventuallyAsync("it is faulty", async () => (await Operations(grid).Workers()) is [{ State: "faulty", Gpu: { Gone: true, Fault: "GPU 0 is lost." } }]);
        await EventuallyAsync("its claim is forgotten", async () => (await grid.Queue().Describe()).WaitingWorkers == 0);
        await grid.SubmitAsync(Submissions.Job("job"));

        var why = (await grid.Query.Why("job"))!;
        Assert.Equal((true, 1, 0), (why.Workable, why.Registered, why.Live));
        Assert.StartsWith("No worker claims such jobs now; of those registered 1 could do it: 1 without a GPU that works (worker: GPU 0 is lost).", why.Summary);
        Assert.Contains("Worker 'worker' claims nothing, since its GPU is gone: GPU 0 is lost.", (await Operations(grid).Health()).Reasons);
        Assert.Equal(0, (await Operations(grid).Demand()).Sum(d => d.Workers));

        gpu.Return();
        Assert.Equal("job", (await connector.NextAsync("it claims again")).JobId);
        await EventuallyAsync("it is active", async () => (await ViewAsync(grid, "worker")).State == "active");
    }

    [Fact]
    public async Task A_worker_whose_gpu_fails_every_job_does_not_eat_the_queue()
    {
        await using var grid = await GridCluster.StartAsync();
        var sick = new TestConnector(script: _ => Task.FromResult(ConnectorResult.Failed(FailureClass.Transient, "gpu_error", "launch failure")));
        var well = new TestConnector(script: async _ =>
        {
            // It is busy with each while the other one is always free.
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            return TestConnector.Done();
        });
        await grid.StartWorkerAsync("sick", new TestGpu(), sick);
        await grid.StartWorkerAsync("well", new TestGpu(), well);
        var jobs = Enumerable.Range(0, 30).Select(n => $"job-{n}").ToList();
        await grid.SubmitAsync([.. jobs.Select(id => Submissions.Job(id))]);

        foreach (var job in jobs)
            await grid.StatusAsync(job, JobStatus.Completed, "it is done by the other one");
        Assert.Equal(5, sick.Executions.Count);
        Assert.Equal(5, sick.Executions.Select(e => e.JobId).Distinct().Count());
        await EventuallyAsync("its breaker is shown", async () => (await ViewAsync(grid, "sick")).Instances is [{ Instance: "test", Service: "test", Breaker: { State: "open", Reason: "launch failure" } }]);
        Assert.Contains("Worker 'sick' claims no jobs of 'test', since its machine failed several: launch failure", (await Operations(grid).Health()).Reasons);
    }

    [Fact]
    public async Task A_worker_that_is_lost_stays_registered_until_it_is_forgotten_and_one_that_leaves_does_not()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Lease = TimeSpan.FromSeconds(2));
        var options = new WorkerOptions { Id = "lost", Slots = 1 };
        options.Models["*"] = ["sdxl"];
        await grid.StartWorkerAsync(options, TestConnector.Completing());
        var leaving = await grid.StartWorkerAsync("leaving", TestConnector.Completing());
        Assert.False((await Operations(grid).Forget("lost")).Accepted);
        Assert.False((await Operations(grid).Forget("nobody")).Found);
        await leaving.StopAsync(TimeSpan.Zero);
        grid.Calls.CutWorker("lost");

        await EventuallyAsync("it is offline, the other one gone", async () => await Operations(grid).Workers() is [{ State: "offline", WorkerId: "lost" }]);
        await grid.SubmitAsync(Submissions.Job("job") with { Requirements = new JobRequirements { Models = ["sdxl"] }.Text });
        Assert.True((await grid.Query.Why("job"))!.Workable);
        Assert.True((await Operations(grid).Forget("lost")).Accepted);
        Assert.False((await grid.Query.Why("job"))!.Workable);
        Assert.Empty(await Operations(grid).Workers());
    }

    [Fact]
    public async Task Demand_and_models_tell_what_waits_and_what_it_lacks()
    {
        await using var grid = await GridCluster.StartAsync();
        var options = new WorkerOptions { Id = "worker", Slots = 1 };
        options.Models["*"] = ["sdxl"];
        var connector = new TestConnector();
        await grid.StartWorkerAsync(options, connector);
        await grid.SubmitAsync(Submissions.Job("busy"));
        await connector.NextAsync("the worker is busy");
        await grid.SubmitAsync(
            Submissions.Job("has") with { Requirements = new JobRequirements { Models = ["sdxl"] }.Text },
            Submissions.Job("lacks") with { Requirements = new JobRequirements { Models = ["flux"], Hardware = new() { GpuMemoryGb = 24 } }.Text });

        await EventuallyAsync("the queue has seen them", async () => await grid.Queue().Queued("") == 2);
        // Workers are read at most once a second, and its session may have been there before its registration.
        await EventuallyAsync("what the worker has is known", async () => (await Operations(grid).Models()).Any(m => m.Workers.Count > 0));
        var models = await Operations(grid).Models();
        Assert.Equal([("flux", 1L, 1L), ("sdxl", 1L, 0L)], models.Select(m => (m.Name, m.WaitingJobs, m.LackedBy)));
        Assert.Equal(["worker"], models.Single(m => m.Name == "sdxl").Workers);
        var demand = await Operations(grid).Demand();
        Assert.Equal([("test", 1L, 1), ("test gpu_memory_gb=24", 1L, 0)], demand.Select(d => (d.Class, d.Jobs, d.Workers)));
        Assert.All(demand, d => Assert.Equal(1, d.WantedWorkers));
    }

    private static IGridOperationsGrain Operations(GridCluster grid) => grid.Client.GetGrain<IGridOperationsGrain>(0);

    private static async Task<WorkerView> ViewAsync(GridCluster grid, string worker) => (await Operations(grid).Workers()).Single(w => w.WorkerId == worker);
}
