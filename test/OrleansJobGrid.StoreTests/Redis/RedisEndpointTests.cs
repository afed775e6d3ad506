using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

public sealed class RedisEndpointTests
{
    [Theory]
    [InlineData("redis.local:6380", "redis.local:6380", null, null, null, false)]
    [InlineData("127.0.0.1:6379", "127.0.0.1:6379", null, null, null, false)]
    [InlineData("[::1]:6379", "[::1]:6379", null, null, null, false)]
    [InlineData("redis://h", "h:6379", null, null, null, false)]
    [InlineData("redis://h:1234/5", "h:1234/5", null, null, 5, false)]
    [InlineData("redis://:p%40ss@h", "h:6379", null, "p@ss", null, false)]
    [InlineData("rediss://us%3Aer:p/w@h:1/2/", "h:1/2", "us:er", "p/w", 2, true)]
    [InlineData("REDIS://u:p@[::1]:7/0", "[::1]:7", "u", "p", 0, false)]
    public void Parse_ReadsBothForms(string text, string described, string? user, string? password, int? database, bool tls)
    {
        var options = RedisEndpoint.Parse(text);
        Assert.Equal(
            (described, user, password, database, tls, false),
            (RedisEndpoint.Describe(options), options.User, options.Password, options.DefaultDatabase, options.Ssl, options.AbortOnConnectFail));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("localhost", "port is missing")]
    [InlineData("::1:6379", "brackets")]
    [InlineData("h:0", "'0' is no port")]
    [InlineData("h:70000", "no port")]
    [InlineData("a:1,b:2", "brackets")]
    [InlineData("user:secret@h:1", "begins with redis://")]
    [InlineData("http://h:1", "'http://' is no scheme")]
    [InlineData("redis://h/first", "'first' is no number")]
    [InlineData("redis://secret@h", "redis://:password@host")]
    [InlineData("redis://u:p@h?x=secret", "%3F")]
    [InlineData("redis://u:secret@", "names no host")]
    public void Parse_WhenWrong_SaysWhatAndNeverThePassword(string text, string words)
    {
        var fault = Assert.Throws<FormatException>(() => RedisEndpoint.Parse(text));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        Assert.Contains("HOST:PORT", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("6.2.14", false)]
    [InlineData("7.0.15", true)]
    [InlineData("10.1.0", true)]
    [InlineData("unknown", false)]
    public void Version_BelowSevenIsRefused(string version, bool fits)
    {
        var report = new RedisServerReport(new Dictionary<string, string> { ["redis_version"] = version });
        if (fits)
            report.RequireVersion("here:1");
        else
            Assert.Contains("7.0 or newer", Assert.Throws<JobStoreException>(() => report.RequireVersion("here:1")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yes", "always", "no", "no", "0", "An acknowledged write survives kill -9 of Redis and a power cut (appendfsync always).")]
    [InlineData("yes", "always", "no", "yes", "0", "applied by half at the second start after that (aof-load-truncated yes).")]
    [InlineData("yes", "everysec", "no", "yes", "0", "applied by half")]
    [InlineData("yes", "everysec", "no", "no", "0", "two seconds")]
    [InlineData("yes", "always", "yes", "no", "0", "except while")]
    [InlineData("yes", "always", "no", "no", "1", "replication is asynchronous")]
    [InlineData("yes", "no", "no", "no", "0", "half a minute")]
    [InlineData("no", "always", "no", "yes", "0", "since Redis' last snapshot are lost when Redis dies (appendonly no).")]
    [InlineData("unknown", "unknown", "unknown", "unknown", "0", "unknown")]
    public void Durability_IsWhatTheSettingsGive(string appendOnly, string fsync, string rewrite, string truncated, string replicas, string words) =>
        Assert.Contains(words, Report(appendOnly, fsync, rewrite, truncated, replicas).Durability, StringComparison.Ordinal);

    [Theory]
    [InlineData("yes", "yes", "Set 'aof-load-truncated no'")]
    [InlineData("yes", "no", null)]
    [InlineData("no", "yes", null)]
    [InlineData("yes", "unknown", "refuses CONFIG")]
    public void Findings_WhenABrokenOffWriteMayBeLoaded_WarnOfIt(string appendOnly, string truncated, string? words)
    {
        var finding = Report(appendOnly, "always", "no", truncated, "0").Findings.Single(f => f.Setting == "aof-load-truncated");
        Assert.Equal(truncated, finding.Value);
        if (words is null)
            Assert.Null(finding.Warning);
        else
            Assert.Contains(words, finding.Warning, StringComparison.Ordinal);
    }

    private static RedisServerReport Report(string appendOnly, string fsync, string rewrite, string truncated, string replicas) => new(new Dictionary<string, string>
    {
        ["appendonly"] = appendOnly,
        ["appendfsync"] = fsync,
        ["no-appendfsync-on-rewrite"] = rewrite,
        ["aof-load-truncated"] = truncated,
        ["connected_slaves"] = replicas,
    });
}
