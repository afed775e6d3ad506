using Microsoft.Extensions.DependencyInjection;
using Orleans;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Jobs;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Queues;

public sealed class SiloDeathTests
{
    [Fact]
    public async Task The_death_of_the_silo_that_holds_the_queue_loses_no_job_and_keeps_the_order_by_level()
    {
        const int Count = 300;
        await using var grid = await GridCluster.StartAsync(silos: 3);
        var draw = new Random(3);
        var jobs = Submissions.Jobs("job", Count).Select(j => j with { Priority = draw.Next(4) * 25 }).ToList();
        await grid.SubmitAsync(jobs);
        var connector = TestConnector.Completing();
        await grid.Queue().Describe();
        var holder = await grid.HomeOfAsync(grid.Queue());
        // The worker lives in another silo, as a worker's process does.
        var home = grid.Silos.Silos.First(s => !s.SiloAddress.Equals(holder));
        await grid.StartWorkerAsync("worker", home.ServiceProvider.GetRequiredService<IGrainFactory>(), 1, connector);
        await grid.CompletedAsync(60, "work goes on before the death");

        await grid.Silos.KillSiloAsync(grid.Silos.GetSiloForAddress(holder!)!);
        var killed = TimeProvider.System.GetTimestamp();
        var before = connector.Executions.Count;
        await grid.CompletedAsync(Count, "the others go on after the death", TimeSpan.FromSeconds(90));
        Eventually.Report($"killed after {before} runs, {Count} completed {TimeProvider.System.GetElapsedTime(killed).TotalSeconds:0.0} s later");

        Assert.NotEqual(holder, await grid.HomeOfAsync(grid.Queue()));
        Assert.True(before < Count, "All was done before the death.");
        await grid.Store.AssertEachCompletedOnceAsync([.. jobs.Select(j => j.Id)]);
        // A job whose grant was under way at the death comes back later, at the head of what is left.
        var records = await grid.Store.ReadAllAsync();
        var levels = connector.Executions.Where(e => records[e.JobId].Epoch == 1).Select(e => records[e.JobId].Priority).ToList();
        Assert.Equal(levels.OrderDescending(), levels);
        Assert.True(records.Values.Count(r => r.Epoch > 1) <= 2, "Only what was under way may have been granted again.");
    }
}
