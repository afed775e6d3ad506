namespace OrleansJobGrid.Storage.Redis;

/// <summary>Where a Redis store lies and how long it is waited for.</summary>
public sealed record RedisStoreOptions
{
    /// <summary><c>HOST:PORT</c> or <c>redis[s]://user:password@host:port/db</c>; see <see cref="RedisEndpoint.Parse"/>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>
    /// The grid's name, with which all of its keys begin, so that several grids and other programs can share a server:
    /// 1 to 64 of <c>A-Za-z0-9._-</c>; default <c>jobgrid</c>.
    /// </summary>
    public string Cluster { get; init; } = "jobgrid";

    /// <summary>
    /// The number of shards, 1 to 1,024, fixed when the store is made; null: what the store has, or
    /// <see cref="DefaultShards"/> for a new one. Another number than the store's is refused.
    /// </summary>
    public int? Shards { get; init; }

    /// <summary>The shards of a store that is made without a number.</summary>
    public const int DefaultShards = 4;

    /// <summary>How long opening waits for the server; default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After how long a call without an answer counts as lost (<see cref="StoreUnavailableException"/>); default 3 s. Shorter notices a
    /// hanging server earlier, longer bears a slow disk under <c>appendfsync always</c>.
    /// </summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The same for large reads, which have a connection of their own; default 15 s.</summary>
    public TimeSpan BulkTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>All that is wrong, each naming its setting and the mend; empty where nothing is.</summary>
    internal IEnumerable<string> Violations()
    {
        if (Cluster.Length is 0 or > 64 || !Cluster.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            yield return $"Cluster: 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', not '{Cluster}'.";
        if (Shards is < 1 or > 1_024)
            yield return $"Shards: 1 to 1024, not {Shards}.";
        foreach (var (name, value) in new[] { (nameof(ConnectTimeout), ConnectTimeout), (nameof(CallTimeout), CallTimeout), (nameof(BulkTimeout), BulkTimeout) })
            if (value < TimeSpan.FromMilliseconds(100) || value > TimeSpan.FromMinutes(5))
                yield return $"{name}: 100 ms to 5 minutes, not {value}.";
    }
}
