using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>What a server says of itself, and what follows from it for an acknowledged write.</summary>
internal sealed class RedisServerReport
{
    public const string Unknown = "unknown";

    private static readonly string[] Settings = ["appendonly", "appendfsync", "no-appendfsync-on-rewrite", "aof-load-truncated", "maxmemory", "maxmemory-policy"];

    private readonly Dictionary<string, string> _values;

    /// <param name="values">Settings by name, with <c>redis_version</c> and <c>connected_slaves</c>; what lacks is unknown.</param>
    public RedisServerReport(IReadOnlyDictionary<string, string> values) => _values = new(values, StringComparer.Ordinal);

    public static async Task<RedisServerReport> ReadAsync(IServer server)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in Settings)
        {
            try
            {
                var answer = (RedisResult[]?)await server.ExecuteAsync("CONFIG", "GET", setting);
                if (answer is [_, var value, ..])
                    values[setting] = (string?)value ?? Unknown;
            }
            catch (RedisServerException)
            {
                // Hosted servers refuse CONFIG; what they do not tell is reported as unknown, with what that means.
                values[setting] = Unknown;
            }
        }
        foreach (var line in $"{await server.ExecuteAsync("INFO", "server")}\n{await server.ExecuteAsync("INFO", "replication")}".Split('\n'))
            if (line.Split(':', 2) is [var name and ("redis_version" or "connected_slaves"), var value])
                values[name] = value.Trim();
        return new(values);
    }

    /// <exception cref="JobStoreException">The server is older than version 7.</exception>
    public void RequireVersion(string where)
    {
        var version = Value("redis_version");
        if (!int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) || major < 7)
            throw new JobStoreException(
                $"Redis at {where} is version {version}; the grid needs 7.0 or newer (script flags, and effects of scripts logged whole). Upgrade it.");
    }

    /// <summary>What an acknowledged write survives, in one sentence.</summary>
    public string Durability
    {
        get
        {
            var sentence = (Value("appendonly"), Value("appendfsync"), Value("no-appendfsync-on-rewrite")) switch
            {
                ("yes", "always", "no") => "An acknowledged write survives kill -9 of Redis and a power cut (appendfsync always)",
                ("yes", "always", _) => "An acknowledged write survives a crash, except while Redis rewrites its append-only file (no-appendfsync-on-rewrite is not no)",
                ("yes", "everysec", _) => "The last two seconds or so of acknowledged writes can be lost when Redis or its machine dies (appendfsync everysec)",
                ("yes", "no", _) => "Acknowledged writes that the operating system has not yet written, half a minute or so, can be lost when Redis' machine dies, and some when Redis does (appendfsync no)",
                ("no", _, _) => "All acknowledged writes since Redis' last snapshot are lost when Redis dies (appendonly no)",
                _ => "What an acknowledged write survives is unknown, since the server does not tell its settings",
            };
            var half = Halves ? "; but a write in the middle of which Redis dies may be applied by half at the second start after that (aof-load-truncated yes)" : "";
            return sentence + half + (Replicas > 0 ? ", and a failover to a replica can lose the last ones, as replication is asynchronous." : ".");
        }
    }

    public IReadOnlyList<StoreFinding> Findings =>
    [
        new("redis_version", Value("redis_version"), null),
        Finding("appendonly", value => value switch
        {
            "yes" => null,
            "no" => "Set 'appendonly yes' (CONFIG SET appendonly yes, CONFIG REWRITE), else all since the last snapshot is lost with Redis.",
            _ => "The server refuses CONFIG: make sure that its append-only file is on.",
        }),
        Finding("appendfsync", value => value switch
        {
            "always" => null,
            Unknown => "The server refuses CONFIG: find out how often it syncs its append-only file.",
            _ => "Set 'appendfsync always' where no acknowledged write may be lost with Redis.",
        }),
        Finding("no-appendfsync-on-rewrite", value => value == "yes" ? "Set 'no-appendfsync-on-rewrite no', else nothing is synced during a rewrite." : null),
        // valkey-io/valkey#4342: an open MULTI is left in the file, and the next EXEC behind it runs what it holds.
        Finding("aof-load-truncated", value => value switch
        {
            "yes" when Halves => "Set 'aof-load-truncated no' and run deploy/redis/check-aof.sh before each start of Redis: with yes, a write that kill -9 or a power cut "
                + "breaks off may be applied by half at the second start after that, which leaves jobs without their places in queues and lists.",
            Unknown => "The server refuses CONFIG: make sure that it does not load a write that was broken off (aof-load-truncated no).",
            _ => null,
        }),
        Finding("maxmemory", _ => null),
        Finding("maxmemory-policy", value => value switch
        {
            "noeviction" => null,
            Unknown => "The server refuses CONFIG: make sure that it evicts nothing.",
            _ => "Set 'maxmemory-policy noeviction': any other lets Redis throw jobs away when its memory is full.",
        }),
        new("replicas", _values.GetValueOrDefault("connected_slaves", Unknown), Replicas > 0
            ? "Replication is asynchronous: a failover can lose acknowledged writes; 'min-replicas-to-write 1' bounds how many."
            : null),
    ];

    private bool Halves => (Value("appendonly"), Value("aof-load-truncated")) == ("yes", "yes");

    private int Replicas => int.TryParse(Value("connected_slaves"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    private StoreFinding Finding(string setting, Func<string, string?> warning) => new(setting, Value(setting), warning(Value(setting)));

    private string Value(string setting) => _values.GetValueOrDefault(setting, Unknown);
}
