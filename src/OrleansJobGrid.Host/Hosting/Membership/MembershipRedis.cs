using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Runtime;
using StackExchange.Redis;

namespace OrleansJobGrid.Host.Hosting.Membership;

/// <summary>What is asked of the cluster's table of silos beyond what Orleans' own reader of it gives.</summary>
internal sealed class MembershipRedis(IOptions<RedisClusteringOptions> redis, IOptions<ClusterOptions> cluster) : IDisposable
{
    private readonly Lazy<ConnectionMultiplexer> _connection = new(() => ConnectionMultiplexer.Connect(redis.Value.ConfigurationOptions!));

    /// <summary>The store's wall clock.</summary>
    public async Task<DateTime> Now()
    {
        var parts = (RedisResult[])(await _connection.Value.GetDatabase().ExecuteAsync("TIME"))!;
        return DateTime.UnixEpoch.AddSeconds((long)parts[0]).AddMicroseconds((long)parts[1]);
    }

    /// <summary>
    /// The generation for a silo that starts now: by the clock, as Orleans does it, but above all that the table has of the endpoint. A silo
    /// below one of those is taken for a predecessor, and told that it is dead, until the clock has passed it.
    /// </summary>
    public int NextGeneration(IPEndPoint endpoint)
    {
        var rows = _connection.Value.GetDatabase().HashKeys(redis.Value.CreateRedisKey(cluster.Value));
        return NextGeneration(SiloAddress.AllocateNewGeneration(), rows.Select(r => r.ToString()), endpoint);
    }

    /// <param name="byClock">Seconds since Orleans' epoch.</param>
    /// <param name="rows">The fields of the table: <c>S10.0.0.5:11111:154698985</c> for a silo.</param>
    /// <param name="endpoint">Of the silo that starts.</param>
    public static int NextGeneration(int byClock, IEnumerable<string> rows, IPEndPoint endpoint)
    {
        var own = $"S{endpoint}:";
        return rows.Where(r => r.StartsWith(own, StringComparison.Ordinal))
            .Select(r => int.Parse(r.AsSpan(own.Length), CultureInfo.InvariantCulture) + 1)
            .Append(byClock)
            .Max();
    }

    public void Dispose()
    {
        if (_connection.IsValueCreated)
            _connection.Value.Dispose();
    }
}
