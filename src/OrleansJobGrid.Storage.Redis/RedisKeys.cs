using System.Globalization;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>
/// The names of a grid's keys: <c>cluster:{shard}:what</c>. The braces are a hash tag: all keys of a shard lie in one slot of a Redis
/// Cluster; what belongs to no shard has the tag <c>{g}</c>.
/// </summary>
internal sealed class RedisKeys(string cluster)
{
    private const string Global = "g";

    public RedisKey Store => Of(Global, "store");

    public RedisKey Sequence => Of(Global, "sequence");

    public RedisKey GlobalClock => Of(Global, "clock");

    public RedisKey Sessions => Of(Global, "sessions");

    public RedisKey Passes => Of(Global, "passes");

    public RedisKey Documents(string collection) => Of(Global, "documents:" + collection);

    public RedisKey Agreed(string name) => Of(Global, "agreed:" + name);

    public RedisKey SessionEnded(string session) => Of(Global, "ended:" + session);

    public RedisKey Stopped(int shard) => Of(shard, "stopped");

    public RedisKey Clock(int shard) => Of(shard, "clock");

    public RedisKey Jobs(int shard) => Of(shard, "jobs");

    public RedisKey Marks(int shard) => Of(shard, "marks");

    public RedisKey Signatures(int shard) => Of(shard, "signatures");

    public RedisKey Counters(int shard) => Of(shard, "counters");

    /// <summary>The pointers to events: a stream, whose ids are 0-number.</summary>
    public RedisKey Outbox(int shard) => Of(shard, "outbox");

    /// <summary>How many pointers the outbox keeps; absent while it is closed.</summary>
    public RedisKey OutboxCapacity(int shard) => Of(shard, "outbox-capacity");

    public RedisKey Stream(string name) => Of(Global, "stream:" + name);

    public RedisKey Index(int shard, string name) => Of(shard, IndexPrefix + name);

    public RedisKey Ready(int shard, string queue) => Of(shard, ReadyPrefix + queue);

    public RedisKey Ended(int shard, string session) => Of(shard, "ended:" + session);

    public const string IndexPrefix = "index:";

    public const string ReadyPrefix = "ready:";

    /// <summary>What all keys of the shard that begin with <paramref name="what"/> begin with.</summary>
    public string Prefix(int shard, string what) => $"{cluster}:{{{shard.ToString(CultureInfo.InvariantCulture)}}}:{what}";

    private RedisKey Of(int shard, string what) => Prefix(shard, what);

    private RedisKey Of(string tag, string what) => $"{cluster}:{{{tag}}}:{what}";
}
