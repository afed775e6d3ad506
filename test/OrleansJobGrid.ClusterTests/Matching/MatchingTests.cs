using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Workers.Hosting;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Matching;

/// <summary>Jobs with requirements and workers with capabilities, over real grains.</summary>
public sealed class MatchingTests
{
    [Fact]
    public async Task A_job_that_nobody_can_do_says_which_clause_fails_blocks_nobody_and_starts_when_a_worker_comes()
    {
        await using var grid = await GridCluster.StartAsync();
        var poor = TestConnector.Completing();
        await grid.StartWorkerAsync(Worker("poor", gpuMemoryGb: 16), poor);
        var needy = Submissions.Job("needy") with { Priority = 100, Requirements = new JobRequirements { Models = ["sdxl"] }.Text };
        var result = await grid.SubmitAsync(needy);
        Assert.Contains("lacks model sdxl", result[0].Warning);
        await grid.SubmitAsync(Submissions.Job("plain"));
        await grid.StatusAsync("plain", JobStatus.Completed, "a job behind it runs");

        var why = await grid.Query.Why("needy");
        Assert.False(why!.Workable);
        Assert.Equal(("models", 1, "lacks model sdxl"), (why.Clauses[0].Clause, why.Clauses[0].Workers, why.Clauses[0].Detail));
        Assert.Contains("1 worker: 1 lacks model sdxl", why.Summary);
        Assert.Equal(why.Summary.Split(" It ends as")[0], (await grid.Query.Get("needy"))!.UnworkableReason);

        var rich = TestConnector.Completing();
        await grid.StartWorkerAsync(Worker("rich", models: ["sdxl"]), rich);
        await grid.StatusAsync("needy", JobStatus.Completed, "the worker that has its model came");
        Assert.Equal("needy", rich.Executions.Single().JobId);
    }

    [Fact]
    public async Task Why_counts_workers_by_clause_tells_the_place_and_an_estimate_from_measured_runs()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        await grid.StartWorkerAsync(Worker("big", gpuMemoryGb: 48), connector);
        foreach (var n in (int[])[1, 2])
            await grid.StartWorkerAsync(Worker($"small-{n}", gpuMemoryGb: 16), TestConnector.Completing());
        var needs = new JobRequirements { Hardware = new() { GpuMemoryGb = 24 } }.Text;
        await grid.SubmitAsync([.. Submissions.Jobs("job", 4).Select(j => j with { Requirements = needs })]);
        var first = await connector.NextAsync("the first runs");
        Assert.Null((await grid.Query.Why("job-2"))!.StartP50Seconds);
        first.Complete();
        await connector.NextAsync("the second runs");

        await EventuallyAsync("the run was measured, and the worker is known to be busy", async () => await grid.Query.Why("job-3") is { Wait.Measured: 1, Free: 0 });
        var why = await grid.Query.Why("job-3");

        Assert.Equal((3, 3, 1, 0), (why!.Registered, why.Live, why.Matching, why.Free));
        Assert.Equal(("gpu_memory", 2), (why.Clauses.Single().Clause, why.Clauses.Single().Workers));
        Assert.Equal(2, why.Wait!.Position);
        Assert.True(why.StartP50Seconds > 0 && why.StartP90Seconds >= why.StartP50Seconds, $"{why.StartP50Seconds} {why.StartP90Seconds}");
        Assert.Contains("All 1 workers that can do it are busy; 1 job is before it. 3 workers: 2 have 16 GB of the 24 GB of GPU memory needed.", why.Summary);
    }

    [Fact]
    public async Task An_out_of_memory_raises_the_floor_and_the_job_goes_to_a_device_with_room_for_it()
    {
        await using var grid = await GridCluster.StartAsync();
        var small = new TestConnector(script: e => Task.FromResult(OutOfMemory(15_258)));
        var large = TestConnector.Completing();
        await grid.StartWorkerAsync(Worker("small", gpuMemoryGb: 16), small);
        await grid.SubmitAsync(Submissions.Job("hungry"));
        await small.NextAsync("it is tried on the small device");
        // No larger device is alive: that is the end, with its reason.
        await grid.StatusAsync("hungry", JobStatus.Failed, "no device has room");
        Assert.Contains((await grid.Query.Events("hungry"))!, e => e.Reason?.Contains("no live worker has a device with the 15360 MB", StringComparison.Ordinal) == true);

        await grid.StartWorkerAsync(Worker("large", gpuMemoryGb: 80), large);
        await grid.Job("hungry").Retry("a larger device came");
        await grid.StatusAsync("hungry", JobStatus.Completed, "the large device has room");

        // Learned: the next one of its kind is not tried on the small one, though that waits longest.
        await grid.WaitingAsync(2);
        await grid.SubmitAsync(Submissions.Job("hungry-2"));
        await grid.StatusAsync("hungry-2", JobStatus.Completed, "the next one ran");
        Assert.Equal("large", (await grid.Store.ReadAsync("hungry-2"))!.LastGrant!.WorkerId);
    }

    [Fact]
    public async Task A_worker_of_strict_isolation_holds_jobs_of_one_customer_at_a_time()
    {
        await using var grid = await GridCluster.StartAsync();
        var connector = new TestConnector();
        var options = Worker("strict");
        options.Slots = 3;
        options.CustomerAccess.Isolation = "strict";
        await grid.StartWorkerAsync(options, connector);
        await grid.WaitingAsync(3);
        await grid.SubmitAsync(Submissions.Job("job-0") with { CustomerId = "x" });
        var first = await connector.NextAsync("one runs");
        // Two claims wait that were made before: what they get is held against what the worker holds by then.
        await grid.SubmitAsync(Submissions.Job("job-1") with { CustomerId = "y" }, Submissions.Job("job-2") with { CustomerId = "x" });
        var held = new[] { first, await connector.NextAsync("the other of its customer runs") };

        Assert.Equal(["job-0", "job-2"], held.Select(e => e.JobId).Order());
        await EventuallyAsync("the other customer's job says why it waits", async () =>
            (await grid.Query.Why("job-1"))!.Wait?.NotNow.Keys.Any(r => r.Contains("serves other customers", StringComparison.Ordinal)) == true);
        foreach (var run in held)
            run.Complete();
        Assert.Equal("job-1", (await connector.NextAsync("the other customer's turn")).JobId);
    }

    [Fact]
    public async Task A_queue_serves_only_workers_that_have_its_labels_and_says_so()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Queues["hot"] = new() { Labels = { "fast" } });
        var plain = Worker("plain");
        plain.Queues.Add("hot");
        await grid.StartWorkerAsync(plain, TestConnector.Completing());
        await grid.WaitingAsync(1, "hot");
        await grid.SubmitAsync(Submissions.Job("job") with { Queue = "hot" });
        var why = await grid.Query.Why("job");
        Assert.Equal((false, "queue_labels"), (why!.Workable, why.Clauses.Single().Clause));
        Assert.Contains("1 lacks label fast, which queue 'hot' asks for", why.Summary);
        // Its claim waits like any other, and does not come back at once again and again.
        Assert.Equal(1, (await grid.Queue("hot").Describe()).WaitingWorkers);

        var fast = Worker("fast");
        fast.Queues.Add("hot");
        fast.Labels.Add("fast");
        await grid.StartWorkerAsync(fast, TestConnector.Completing());
        await grid.StatusAsync("job", JobStatus.Completed, "a worker with the label came");
        Assert.Equal("fast", (await grid.Store.ReadAsync("job"))!.LastGrant!.WorkerId);
    }

    [Fact]
    public async Task A_claim_that_tells_of_more_memory_than_there_is_gets_no_job_for_it()
    {
        await using var grid = await GridCluster.StartAsync();
        await grid.SubmitAsync(Submissions.Job("large") with { Requirements = new JobRequirements { Hardware = new() { GpuMemoryGb = 40 } }.Text });
        await grid.SubmitAsync(Submissions.Job("envelope") with { Requirements = new JobRequirements { Envelope = new() { GpuMemoryGb = 20 } }.Text });
        var said = new WorkerCapabilities { Hardware = new() { GpuMemoryMb = 80_000 } };
        var claim = new ClaimRequest
        {
            ClaimId = Guid.NewGuid(),
            WorkerId = "liar",
            SessionId = "session",
            Services = [TestConnector.DefaultService],
            Max = 5,
            Wait = TimeSpan.Zero,
            Capabilities = said.Text,
            CapabilitiesKey = CapabilitiesKey.Of(said.Text),
            Facts = new() { TotalGpuMemoryMb = 16_000, FreeGpuMemoryMb = 60_000 },
        };
        var reserved = await grid.Queue("default").Reserve(claim);
        Assert.False(reserved.NeedsCapabilities);
        Assert.Empty(reserved.Jobs);
        Assert.Equal(2, (await grid.Queue("default").Describe()).Depth);
    }

    private static ConnectorResult OutOfMemory(long totalMb) => ConnectorResult.Failed(new FailureEvidence
    {
        Message = "CUDA out of memory. Tried to allocate 2.00 GiB",
        ExceptionType = "torch.cuda.OutOfMemoryError",
        GpuMemoryUsedMb = totalMb,
        GpuMemoryTotalMb = totalMb,
    });

    private static WorkerOptions Worker(string id, double? gpuMemoryGb = null, string[]? models = null)
    {
        var options = new WorkerOptions { Id = id, Slots = 1 };
        options.Hardware.GpuMemoryGb = gpuMemoryGb;
        if (models is not null)
            options.Models["*"] = models;
        return options;
    }
}
