using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// Two connections to one server: one for the calls that somebody waits for, one for large reads, so that a scan of a queue does not
/// stand before a claim. Every fault leaves as one of the store's exceptions.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly ConnectionMultiplexer _calls;
    private readonly ConnectionMultiplexer _bulk;

    private RedisConnection(ConnectionMultiplexer calls, ConnectionMultiplexer bulk, string where)
    {
        (_calls, _bulk, Where) = (calls, bulk, where);
        (Calls, Bulk) = (calls.GetDatabase(), bulk.GetDatabase());
    }

    /// <summary>Host, port and database, without secrets.</summary>
    public string Where { get; }

    public IDatabase Calls { get; }

    public IDatabase Bulk { get; }

    /// <summary>The servers that take writes.</summary>
    public IEnumerable<IServer> Primaries => _bulk.GetServers().Where(s => s.IsConnected && !s.IsReplica);

    /// <exception cref="StoreUnavailableException">The server cannot be reached.</exception>
    /// <exception cref="JobStoreException">It refuses the user or the password.</exception>
    public static async Task<RedisConnection> OpenAsync(ConfigurationOptions endpoint, RedisStoreOptions options, CancellationToken cancellationToken)
    {
        var where = RedisEndpoint.Describe(endpoint);
        var calls = await ConnectAsync(endpoint, where, "calls", options.ConnectTimeout, options.CallTimeout, cancellationToken);
        try
        {
            var bulk = await ConnectAsync(endpoint, where, "bulk", options.ConnectTimeout, options.BulkTimeout, cancellationToken);
            return new RedisConnection(calls, bulk, where);
        }
        catch
        {
            await calls.DisposeAsync();
            throw;
        }
    }

    private static async Task<ConnectionMultiplexer> ConnectAsync(
        ConfigurationOptions endpoint, string where, string name, TimeSpan connect, TimeSpan call, CancellationToken cancellationToken)
    {
        var configuration = endpoint.Clone();
        configuration.ClientName = $"jobgrid-{name}";
        // Only the first connection: once there was one, it is made again for ever.
        configuration.AbortOnConnectFail = true;
        configuration.ConnectTimeout = (int)connect.TotalMilliseconds;
        configuration.AsyncTimeout = (int)call.TotalMilliseconds;
        configuration.SyncTimeout = (int)call.TotalMilliseconds;
        // A queued write would run when its sender has long given up on it.
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new LinearRetry(250);
        configuration.HeartbeatInterval = TimeSpan.FromMilliseconds(500);
        try
        {
            return await ConnectionMultiplexer.ConnectAsync(configuration).WaitAsync(cancellationToken);
        }
        catch (RedisConnectionException fault) when (fault.FailureType == ConnectionFailureType.AuthenticationFailure || Mentions(fault, "WRONGPASS", "NOAUTH"))
        {
            throw new JobStoreException(
                $"Redis at {where} refuses the user or the password. Write them into the address: redis://user:password@host:port (or redis://:password@host:port).", fault);
        }
        catch (RedisConnectionException fault)
        {
            throw new StoreUnavailableException(
                $"Redis at {where} cannot be reached within {connect.TotalSeconds:0.#} s. Start it there, or mend the address (--redis HOST:PORT, rediss:// for TLS), "
                + "and see that no firewall stands between.", fault);
        }
    }

    /// <summary>Runs a call, ends its wait with the token, and translates its faults.</summary>
    /// <param name="call">What to ask.</param>
    /// <param name="cancellationToken">Ends the wait; the outcome is then unknown.</param>
    /// <param name="shard">The shard that the call belongs to, or -1.</param>
    public async ValueTask<T> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken, int shard = -1)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call().WaitAsync(cancellationToken);
        }
        catch (Exception fault) when (RedisFaults.OfTheServer(fault, cancellationToken))
        {
            throw RedisFaults.Translate(fault, Where, shard);
        }
    }

    public ValueTask<RedisResult> RunAsync(
        RedisScript script, RedisKey[] keys, RedisValue[] values, CancellationToken cancellationToken, int shard = -1, bool bulk = false) =>
        AskAsync(() => script.RunAsync(bulk ? Bulk : Calls, keys, values), cancellationToken, shard);

    public async ValueTask DisposeAsync()
    {
        await _calls.DisposeAsync();
        await _bulk.DisposeAsync();
    }

    private static bool Mentions(Exception fault, params string[] codes)
    {
        for (Exception? at = fault; at is not null; at = at.InnerException)
            if (Array.Exists(codes, code => at.Message.Contains(code, StringComparison.Ordinal)))
                return true;
        return false;
    }
}
