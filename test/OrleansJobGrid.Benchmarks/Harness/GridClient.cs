using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using OrleansJobGrid.Contracts.Hosting;
using OrleansJobGrid.Storage.Redis;

namespace OrleansJobGrid.Benchmarks.Harness;

/// <summary>The benchmark's process as a client of a cluster on Redis.</summary>
internal static class GridClient
{
    private const string Cluster = "jobgrid";

    public static async Task<IHost> ConnectAsync(string redis)
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.UseOrleansClient(client =>
        {
            client.UseRedisClustering(o => o.ConfigurationOptions = RedisEndpoint.Parse(redis));
            client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Cluster, Cluster));
            client.Services.AddGridFaults();
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
