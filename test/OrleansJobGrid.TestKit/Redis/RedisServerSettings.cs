namespace OrleansJobGrid.TestKit.Redis;

/// <summary>How a test's own redis-server is started.</summary>
public sealed record RedisServerSettings
{
    /// <summary><c>no</c> or <c>yes</c>: an append-only file, from which a restarted server has its data back.</summary>
    public string AppendOnly { get; init; } = "no";

    /// <summary><c>everysec</c>, <c>always</c> or <c>no</c>.</summary>
    public string AppendFsync { get; init; } = "everysec";

    /// <summary>Further settings by name, as in redis.conf.</summary>
    public IReadOnlyDictionary<string, string> More { get; init; } = new Dictionary<string, string>();

    /// <summary>Where its files lie; null: in a folder of its own, which goes with it.</summary>
    public string? Folder { get; init; }

    /// <summary>Environment variables of the process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Loses nothing that was acknowledged, and applies nothing by half; as deploy/README.md says.</summary>
    public static RedisServerSettings Durable { get; } = new()
    {
        AppendOnly = "yes",
        AppendFsync = "always",
        More = new Dictionary<string, string> { ["aof-load-truncated"] = "no" },
    };

    internal IEnumerable<string> Arguments(int port, string folder)
    {
        var all = new Dictionary<string, string>
        {
            ["port"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["bind"] = "127.0.0.1",
            ["dir"] = folder,
            ["save"] = "",
            ["appendonly"] = AppendOnly,
            ["appendfsync"] = AppendFsync,
        };
        foreach (var (name, value) in More)
            all[name] = value;
        return all.SelectMany(setting => new[] { "--" + setting.Key, setting.Value });
    }
}
