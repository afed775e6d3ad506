using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Workers;
using Xunit;

namespace OrleansJobGrid.ClusterTests.Workers;

public sealed class WorkerLinkTests
{
    private readonly Heartbeat _beat = new()
    {
        SessionId = "session",
        Held = [],
        Profile = new() { Node = "node", Process = "", Services = [TestConnector.DefaultService], Slots = 2, StartedAt = 1, Version = "test" },
    };

    [Fact]
    public async Task What_a_worker_claims_beside_its_grain_or_from_afar_its_grain_takes_back_when_it_got_lost()
    {
        await using var grid = await GridCluster.StartAsync(silos: 2, options: o => o.UnconfirmedGrant = TimeSpan.FromSeconds(1));
        var (home, afar) = (grid.Silos.Silos[0].ServiceProvider, grid.Silos.Silos[1].ServiceProvider);
        var worker = home.GetRequiredService<IGrainFactory>().Worker("worker");
        await worker.Heartbeat(_beat);
        var address = grid.Silos.Silos[0].SiloAddress;
        Assert.Equal(address, await grid.HomeOfAsync(worker));

        await grid.SubmitAsync(Submissions.Jobs("job", 4));
        var grants = new List<JobGrant>();
        foreach (var side in (IServiceProvider[])[home, afar, home, afar])
            grants.Add(Assert.Single((await side.GetRequiredService<IWorkerLink>().Claim(JobSubmissionLimits.DefaultQueue, Claim())).Grants));
        foreach (var grant in grants)
            Assert.Equal(address, await grid.HomeOfAsync(grid.Job(grant.JobId)));
        // The first two arrived, the others got lost on their way.
        var beat = _beat with { Held = [.. grants.Take(2).Select(g => new HeldGrant(g.JobId, g.Token))] };
        await Eventually.EventuallyAsync("the lost grants are taken back, by each way", async () =>
        {
            Assert.Empty((await worker.Heartbeat(beat)).Stop);
            var jobs = await Task.WhenAll(grants.Select(g => grid.Store.ReadAsync(g.JobId)));
            Assert.All(jobs.Take(2), j => Assert.Equal(JobStatus.Assigned, j!.Status));
            return jobs.Skip(2).All(j => j!.Status == JobStatus.Pending);
        });

        // Ends by either way are the grain's knowledge, too: it asks no job about a list that was on its way.
        foreach (var (side, grant) in ((IServiceProvider[])[home, afar]).Zip(grants))
        {
            var answers = await side.GetRequiredService<IWorkerLink>()
                .Report("worker", [new() { JobId = grant.JobId, Token = grant.Token, Completion = new() }], null, null);
            Assert.Equal(ReportOutcome.Accepted, Assert.Single(answers.Reports).Outcome);
        }

        Assert.Empty((await worker.Heartbeat(beat)).Stop);
        Assert.Equal(2, (await worker.Heartbeat(beat)).Stop.Count);
    }

    private static ClaimRequest Claim() => new()
    {
        ClaimId = Guid.NewGuid(),
        WorkerId = "worker",
        SessionId = "session",
        Services = [TestConnector.DefaultService],
        Wait = TimeSpan.FromSeconds(10),
    };
}
