using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Runtime;
using OrleansJobGrid.Contracts.Hosting;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Host.Hosting.Membership;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.Workers.Gpu;

namespace OrleansJobGrid.Host.Hosting;

/// <summary>Makes the process a silo, or a client of the cluster where it is a gateway alone.</summary>
internal static class OrleansSetup
{
    /// <summary>How often a gateway alone looks for silos.</summary>
    private static readonly TimeSpan SilosAgain = TimeSpan.FromSeconds(5);

    public static void UseOrleansFor(this WebApplicationBuilder builder, GridOptions options)
    {
        if (options.IsSilo)
            builder.UseOrleans(silo => Configure(silo, options, builder.Configuration));
        else
            builder.UseOrleansClient(client =>
            {
                client.UseRedisClustering(o => o.ConfigurationOptions = RedisEndpoint.Parse(options.Redis!));
                client.Configure<ClusterOptions>(o => Name(o, options));
                // A gateway that starts while the silos do knows only some that are gone: Orleans looks for others once a minute.
                client.Configure<Orleans.Configuration.GatewayOptions>(o => o.GatewayListRefreshPeriod = SilosAgain);
                if (HasDashboard(builder.Configuration))
                    client.AddDashboard();
                client.Services.AddGridFaults();
                SteadyTimeProvider.AddTo(client.Services);
            });
    }

    public static bool HasDashboard(IConfiguration configuration) => configuration.GetValue("JobGrid:Dashboard", true);

    private static void Configure(ISiloBuilder silo, GridOptions options, IConfiguration configuration)
    {
        silo.AddJobGrid(options.Roles.Contains(GridOptions.Worker) ? [.. new NvmlProbe().Read().Gpus.Select(g => g.Uuid)] : []);
        if (!options.Roles.Contains(GridOptions.Grid))
            silo.HostWorkersOnly();
        if (HasDashboard(configuration))
        {
            silo.AddDashboard();
            WithoutCallProfiles(silo.Services);
        }

        SteadyTimeProvider.AddTo(silo.Services);
        var siloPort = options.SiloPort == 0 ? FreePort() : options.SiloPort;
        if (options.Redis is null)
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort: FreePort(), serviceId: options.Cluster, clusterId: options.Cluster);
            silo.UseInMemoryReminderService();
            return;
        }

        var redis = RedisEndpoint.Parse(options.Redis);
        silo.UseRedisClustering(o => o.ConfigurationOptions = redis);
        UseStoreTime(silo.Services);
        silo.UseRedisReminderService(o => o.ConfigurationOptions = redis);
        silo.Configure<ClusterOptions>(o => Name(o, options));
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = Address(configuration["JobGrid:Silo:Address"], redis);
            o.SiloPort = siloPort;
            o.SiloListeningEndpoint = Listening(configuration["JobGrid:Silo:Listen"]);
            o.GatewayPort = FreePort();
        });
    }

    /// <summary>
    /// The dashboard's profiler is a filter in the way of every call, also of those that it is told not to count, and costs each a second state
    /// machine and what Orleans sets up for filters.
    /// </summary>
    private static void WithoutCallProfiles(IServiceCollection services)
    {
        var profiler = services.Single(s => s.ServiceType == typeof(IIncomingGrainCallFilter) && s.ImplementationType?.Assembly == typeof(DashboardOptions).Assembly);
        services.Remove(profiler);
    }

    /// <summary>Makes membership hold whatever the wall clocks of the machines show.</summary>
    private static void UseStoreTime(IServiceCollection services)
    {
        services.AddSingleton<MembershipRedis>();
        services.AddSingleton<ILocalSiloDetails, SiloIdentity>();
        var table = services.Last(s => s.ServiceType == typeof(IMembershipTable));
        services.Remove(table);
        services.AddSingleton<IMembershipTable>(provider => new StoreTimeMembershipTable(
            (IMembershipTable)table.ImplementationFactory!(provider),
            provider.GetRequiredService<MembershipRedis>().Now,
            TimeProvider.System,
            provider.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value.IAmAliveTablePublishTimeout));
    }

    private static void Name(ClusterOptions cluster, GridOptions options) => (cluster.ClusterId, cluster.ServiceId) = (options.Cluster, options.Cluster);

    /// <summary>The address that other silos reach this one at: as configured, else the way to Redis, which all of them share.</summary>
    private static IPAddress Address(string? configured, StackExchange.Redis.ConfigurationOptions redis)
    {
        if (configured is not null)
        {
            return IPAddress.TryParse(configured, out var own)
                ? own
                : throw new GridSettingsException($"JobGrid:Silo:Address is '{configured}', which is no IP address such as 10.0.0.5");
        }

        using var probe = new Socket(SocketType.Dgram, ProtocolType.Udp);
        // Connecting a datagram socket sends nothing; it only chooses the local address of the route.
        switch (redis.EndPoints[0])
        {
            case DnsEndPoint dns:
                probe.Connect(dns.Host, dns.Port);
                break;
            case { } endpoint:
                probe.Connect(endpoint);
                break;
        }

        var address = ((IPEndPoint)probe.LocalEndPoint!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    /// <summary>Where the port between silos is listened on, if others reach it by way of a proxy or a published port.</summary>
    private static IPEndPoint? Listening(string? configured) => configured is null ? null
        : IPEndPoint.TryParse(configured, out var own) && own.Port != 0 ? own
        : throw new GridSettingsException($"JobGrid:Silo:Listen is '{configured}', which is no IP address and port such as 0.0.0.0:11111");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
