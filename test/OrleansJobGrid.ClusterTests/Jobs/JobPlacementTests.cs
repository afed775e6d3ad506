using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Connectors;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Jobs;

public sealed class JobPlacementTests
{
    [Fact]
    public async Task A_jobs_grain_comes_up_on_the_silo_of_its_workers_grain()
    {
        const int Count = 6;
        await using var grid = await GridCluster.StartAsync(silos: 3);
        await grid.Queue().Describe();
        var holder = await grid.HomeOfAsync(grid.Queue());
        var silo = grid.Silos.Silos.First(s => !s.SiloAddress.Equals(holder));
        var end = new TaskCompletionSource<ConnectorResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var connector = new TestConnector(script: _ => end.Task);
        await grid.StartWorkerAsync("worker", silo.ServiceProvider.GetRequiredService<IGrainFactory>(), Count, connector);
        var home = (await grid.SessionOfAsync("worker"))!.Home;
        Assert.NotEqual(holder!.ToParsableString(), home);
        await grid.WaitingAsync(Count);

        await grid.SubmitAsync(Submissions.Jobs("job", Count));
        for (var n = 0; n < Count; n++)
        {
            var running = await connector.NextAsync("the job runs");
            Assert.Equal(home, (await grid.HomeOfAsync(grid.Job(running.JobId)))?.ToParsableString());
        }

        // A start that comes too late is refused, and the job stays where it is.
        var session = (await grid.SessionOfAsync("worker"))!.Id;
        var late = await grid.Job("job-0").TryStart(new("worker", session));
        await grid.Queue().Describe();
        var stays = await grid.HomeOfAsync(grid.Job("job-0"));
        end.SetResult(TestConnector.Done());
        await grid.CompletedAsync(Count, "all end");
        Assert.Null(late.Grant);
        Assert.Equal(home, stays?.ToParsableString());
    }
}
