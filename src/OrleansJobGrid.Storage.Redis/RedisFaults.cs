using System.Net.Sockets;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>Tells apart what a repetition may mend from what it does not.</summary>
internal static class RedisFaults
{
    private const string StoppedCode = "STOPPED ";

    // The server answers, but not now: it loads its file, fails over, or runs a long script. Nothing was written.
    private static readonly string[] Passing = ["LOADING", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "NOREPLICAS"];

    /// <summary>
    /// Whether a call failed for its server or the way there. A call that is on its way while a connection breaks off ends with the bare
    /// fault of the socket, or as cancelled, where the reader and the writer of the connection notice at once (StackExchange.Redis wraps
    /// only the first of the two).
    /// </summary>
    /// <param name="fault">How the call ended.</param>
    /// <param name="cancellationToken">The caller's; a wait that it ended is no fault.</param>
    public static bool OfTheServer(Exception fault, CancellationToken cancellationToken) => fault switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => fault is RedisException or TimeoutException or IOException or SocketException,
    };

    /// <summary>The exception that leaves the store for <paramref name="fault"/>.</summary>
    public static Exception Translate(Exception fault, string where, int shard) => fault switch
    {
        RedisTimeoutException or TimeoutException => new StoreUnavailableException(
            $"Redis at {where} did not answer in time; whether the call took effect is unknown.", fault),
        RedisConnectionException or IOException or SocketException or OperationCanceledException => new StoreUnavailableException(
            $"The connection to Redis at {where} is lost; whether the call took effect is unknown. It is made again by itself once the server is back.", fault),
        RedisServerException server => Server(server, where, shard),
        RedisException => new StoreUnavailableException($"Redis at {where} gave no usable answer: {fault.Message}", fault),
        _ => fault,
    };

    private static JobStoreException Server(RedisServerException fault, string where, int shard)
    {
        var text = fault.Message;
        if (text.StartsWith(StoppedCode, StringComparison.Ordinal))
            return new ShardStoppedException(shard, text[StoppedCode.Length..]);
        if (Array.Exists(Passing, code => text.StartsWith(code, StringComparison.Ordinal)))
            return new StoreUnavailableException($"Redis at {where} takes no call now: {text}", fault);
        if (text.StartsWith("OOM", StringComparison.Ordinal))
            return new JobStoreException(
                $"Redis at {where} has reached its maxmemory and takes no more writes. Raise maxmemory, or delete finished jobs.", fault);
        if (text.StartsWith("MISCONF", StringComparison.Ordinal))
            return new JobStoreException($"Redis at {where} refuses writes since it cannot write to its disk; free space there and see its log. {text}", fault);
        if (text.StartsWith("NOPERM", StringComparison.Ordinal) || text.StartsWith("NOAUTH", StringComparison.Ordinal))
            return new JobStoreException($"The user of Redis at {where} may not do what the grid needs: {text}", fault);
        return text.StartsWith("WRONGTYPE", StringComparison.Ordinal)
            ? new StoreDamagedException($"A key of the grid in Redis at {where} holds something of another kind: another program writes there. {text}", fault)
            : new JobStoreException($"Redis at {where} refused: {text}", fault);
    }
}
