using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using OrleansJobGrid.ClusterTests.Fixture;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Grains.Workers;
using Xunit;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Workers;

public sealed class DevicePlacementTests
{
    [Fact]
    public async Task The_grain_of_a_devices_worker_lives_where_the_device_is_or_nowhere()
    {
        await using var grid = await GridCluster.StartAsync(silos: 3, gpus: silo => silo == 2 ? ["GPU-0c1b"] : []);
        // Silos start side by side, in no order.
        var home = grid.Silos.Silos.Single(s => s.ServiceProvider.GetRequiredService<LocalDevices>().Has("GPU-0c1b")).SiloAddress.ToParsableString();

        // Its metadata travels to the others after it has joined.
        await EventuallyAsync("all silos know where the device is", async () =>
        {
            try
            {
                return !(await WorkerOf("node:GPU-0c1b").Heartbeat(Beat("session"))).SessionEnded;
            }
            catch (OrleansException)
            {
                return false;
            }
        });
        Assert.Equal(home, (await grid.SessionOfAsync("node:GPU-0c1b"))!.Home);
        var fault = await Assert.ThrowsAnyAsync<OrleansException>(() => WorkerOf("node:GPU-ffff").Heartbeat(Beat("other")));
        Assert.Contains("No silo of the cluster has the GPU GPU-ffff", fault.ToString());
        Assert.False((await WorkerOf("plain").Heartbeat(Beat("third"))).SessionEnded);

        IWorkerGrain WorkerOf(string id) => grid.Client.GetGrain<IWorkerGrain>(id);
    }

    private static Heartbeat Beat(string session) => new()
    {
        SessionId = session,
        Profile = new() { Node = "node", Process = "", Services = ["test"], Slots = 1, StartedAt = 0, Version = "test" },
        Held = [],
    };
}
