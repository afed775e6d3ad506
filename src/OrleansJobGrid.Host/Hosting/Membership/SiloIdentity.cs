using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace OrleansJobGrid.Host.Hosting.Membership;

/// <summary>Who this silo is: as Orleans says it, save for a generation that a clock set back does not put before its predecessors'.</summary>
internal sealed class SiloIdentity : ILocalSiloDetails
{
    private readonly Lazy<SiloAddress> _address;
    private readonly EndpointOptions _endpoint;

    public SiloIdentity(IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoint, MembershipRedis redis)
    {
        (Name, ClusterId, DnsHostName) = (silo.Value.SiloName, cluster.Value.ClusterId, Dns.GetHostName());
        _endpoint = endpoint.Value;
        _address = new(() =>
        {
            var own = new IPEndPoint(_endpoint.AdvertisedIPAddress, _endpoint.SiloPort);
            return SiloAddress.New(own, redis.NextGeneration(own));
        });
    }

    public string Name { get; }

    public string ClusterId { get; }

    public string DnsHostName { get; }

    public SiloAddress SiloAddress => _address.Value;

    public SiloAddress GatewayAddress => SiloAddress.New(new IPEndPoint(_endpoint.AdvertisedIPAddress, _endpoint.GatewayPort), 0);
}
