using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Operations;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Recovery;

public sealed class PoisonTests
{
    [Fact]
    public async Task A_job_whose_workers_die_again_and_again_is_rescued_three_times_and_then_a_dead_letter()
    {
        await using var grid = await GridCluster.StartAsync(options: o => o.Lease = TimeSpan.FromSeconds(2));
        var cut = new HashSet<string>();
        grid.Calls.Cut(call => cut.Any(w => CallFilter.IsTo(call, w)));
        await grid.SubmitAsync(Submissions.Job("job"));
        for (var death = 1; death <= 4; death++)
        {
            var connector = new TestConnector();
            await grid.StartWorkerAsync($"worker-{death}", connector);
            await connector.NextAsync($"it runs for the {death}. time", TimeSpan.FromSeconds(30));
            cut = [.. cut, $"worker-{death}"];
        }

        await grid.StatusAsync("job", JobStatus.Failed, "it is poison", TimeSpan.FromSeconds(30));
        var job = (await grid.Store.ReadAsync("job"))!;
        Assert.StartsWith("poison", job.EndReason, StringComparison.Ordinal);
        // A grant that was lost on its way counts nothing but an epoch.
        Assert.Equal((1, 3), (job.Attempt, job.Rescues));
        Assert.True(job.Epoch >= 4);

        Assert.True((await grid.Job("job").Retry("the driver is mended")).Accepted);
        await grid.StartWorkerAsync("mended", TestConnector.Completing());
        await grid.StatusAsync("job", JobStatus.Completed, "a retry by hand begins anew", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_ran_out_of_memory_goes_to_another_worker_at_once_and_waits_where_there_is_no_other()
    {
        await using var grid = await GridCluster.StartAsync();
        var small = new TestConnector(script: e => Task.FromResult(ConnectorResult.Failed(FailureClass.ResourceExhaustion, "gpu_memory_full", "CUDA out of memory")));
        await grid.StartWorkerAsync("small", small);
        var lonely = Submissions.Job("lonely") with { Retry = new(60_000, 60_000, 1) };
        await grid.SubmitAsync(lonely);
        await grid.StatusAsync("lonely", JobStatus.Retrying, "the only worker is not asked again at once");

        await grid.StartWorkerAsync("large", TestConnector.Completing());
        await Eventually.EventuallyAsync("the grid knows both", async () => (await grid.Client.GetGrain<IGridOperationsGrain>(0).Workers()).Count == 2);
        await grid.SubmitAsync(Submissions.Jobs("job", 20));
        await grid.CompletedAsync(20, "all end at the large one");
        Assert.All((await grid.Store.ReadAllAsync()).Where(j => j.Key != "lonely"), j => Assert.True(j.Value.Attempt <= 2, $"{j.Key} had {j.Value.Attempt} attempts"));
        Assert.True(small.Executions.Count > 1, "The small one got none, so nothing was tried.");
    }
}
