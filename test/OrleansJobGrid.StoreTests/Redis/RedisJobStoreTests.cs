using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.TestKit.Redis;
using OrleansJobGrid.TestKit.Stores;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>What is Redis' own: foreign keys, stopped shards, the server's clock, settings and refusals.</summary>
public sealed class RedisJobStoreTests : IAsyncLifetime
{
    private RedisServer? _server;
    private RedisStoreUnderTest? _underTest;
    private ConnectionMultiplexer? _raw;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RedisJobStore Store => _underTest!.Redis;

    private IDatabase Raw => _raw!.GetDatabase();

    private RedisServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _underTest = await RedisStoreUnderTest.OpenAsync(_server, owned: false, shards: 1);
        _raw = await ConnectionMultiplexer.ConnectAsync($"{_server.Endpoint},allowAdmin=true");
    }

    public async ValueTask DisposeAsync()
    {
        if (_raw is not null)
            await _raw.DisposeAsync();
        if (_underTest is not null)
            await _underTest.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task Operation_WhoseIndexOrQueueIsAForeignKey_IsRejectedWhileTheOthersApply()
    {
        await Raw.StringSetAsync("jobgrid:{0}:index:poisoned", "foreign");
        await Raw.ListRightPushAsync("jobgrid:{0}:ready:poisoned", "foreign");
        var answer = await Store.ApplyAsync(
            0,
            [
                Ops.Create("a") with { AddEntries = [new("all", 1)] },
                Ops.Create("b") with { AddEntries = [new("all", 1), new("poisoned", 1)], Counters = [new("written", 1)] },
                Ops.Create("c") with { AddReady = Ops.Ready("poisoned"), Events = [Ops.Bytes("never")] },
                Ops.Create("d") with { AddReady = Ops.Ready() },
                Ops.Create("e") with { RemoveEntries = [new("poisoned", 1)] },
            ],
            Token);
        Assert.Equal(
            [OperationOutcome.Applied, OperationOutcome.Rejected, OperationOutcome.Rejected, OperationOutcome.Applied, OperationOutcome.Rejected],
            answer.Results.Select(r => r.Outcome));
        Assert.Contains("jobgrid:{0}:index:poisoned holds a string", answer.Results[1].Reason, StringComparison.Ordinal);
        Assert.Contains("jobgrid:{0}:ready:poisoned holds a list", answer.Results[2].Reason, StringComparison.Ordinal);
        Assert.Equal(1, (await Store.CountIndexesAsync(0, ["all"], Token))[0]);
        Assert.Empty(await Store.ReadCountersAsync(Token));
        Assert.Equal("foreign", await Raw.StringGetAsync("jobgrid:{0}:index:poisoned"));
    }

    [Fact]
    public async Task Batch_WhenTheJobsOfTheShardAreAForeignKey_IsRejectedOperationByOperation()
    {
        await Raw.StringSetAsync("jobgrid:{0}:jobs", "foreign");
        var result = (await Store.ApplyAsync(0, [Ops.Create("a") with { AddEntries = [new("all", 1)] }], Token)).Results[0];
        Assert.Equal(OperationOutcome.Rejected, result.Outcome);
        Assert.Contains("cluster name of its own", result.Reason, StringComparison.Ordinal);
        Assert.False(await Raw.KeyExistsAsync("jobgrid:{0}:index:all"));
    }

    [Fact]
    public async Task Write_WhichFailsInTheMiddle_StopsTheShardUntilItIsResumed()
    {
        // The type is right, so only the write itself can find that no number is in it.
        await Raw.HashSetAsync("jobgrid:{0}:counters", "done", "not a number");
        var counted = Ops.Create("a") with { Counters = [new("done", 1)] };

        var stopped = await Assert.ThrowsAsync<ShardStoppedException>(async () => await Store.ApplyAsync(0, [counted], Token));
        Assert.Contains("not an integer", stopped.Message, StringComparison.Ordinal);
        Assert.Equal(0, stopped.Shard);
        await _underTest!.ReopenAsync();
        await Assert.ThrowsAsync<ShardStoppedException>(async () => await Store.ApplyAsync(0, [Ops.Create("b")], Token));
        Assert.Null((await Store.ReadJobsAsync(0, ["b"], Token))[0]);

        await Raw.HashDeleteAsync("jobgrid:{0}:counters", "done");
        Assert.Contains("not an integer", await Store.ResumeShardAsync(0, Token), StringComparison.Ordinal);
        Assert.Null(await Store.ResumeShardAsync(0, Token));
        Assert.Equal(OperationOutcome.Applied, (await Store.ApplyAsync(0, [Ops.Create("b")], Token)).Results[0].Outcome);
    }

    [Fact]
    public async Task Clock_WhenTheServersClockWentBack_GoesOnAtHalfThePaceWhereverItIsRead()
    {
        var mark = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 3_600_000;
        var started = TimeProvider.System.GetTimestamp();
        await Raw.StringSetAsync("jobgrid:{0}:clock", mark);
        var early = Ops.Create("early") with { NotBefore = mark + 600_000 };
        var answer = await Store.ApplyAsync(0, [early, Ops.Create("timely") with { NotBefore = mark }], Token);
        Assert.Equal([OperationOutcome.TooEarly, OperationOutcome.Applied], answer.Results.Select(r => r.Outcome));
        var last = answer.Clock;
        void Later(long clock)
        {
            Assert.InRange(clock, last, mark + (long)(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds / 2) + 1);
            last = clock;
        }

        while (last < mark + 50)
        {
            Later((await Store.ApplyAsync(0, [Ops.Create(Guid.NewGuid().ToString())], Token)).Clock);
            Later((await Store.ReadIndexAsync(0, "due", null, false, 1, Token)).Clock);
            Later((await Store.TakeSequenceAsync(1, Token)).Clock);
            Later((await Store.MarkPassAsync("wheel", Token)).Now);
            Later((await Store.WriteSessionAsync(new("s", "w", "", Ops.Bytes("{}")), TimeSpan.FromSeconds(8), Token)).ExpiresAt - 8_000);
            Later((await Store.ReadSessionsAsync(Token)).Clock);
        }
    }

    [Fact]
    public async Task Clock_WhenTheServersHasCaughtUp_IsTheServers()
    {
        var mark = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + 100;
        await Raw.StringSetAsync("jobgrid:{0}:clock", mark);
        async Task<long> Ahead()
        {
            var clock = (await Store.ApplyAsync(0, [Ops.Create(Guid.NewGuid().ToString())], Token)).Clock;
            return clock - TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        }

        Assert.True(await Ahead() > 0);
        while (await Ahead() > 0)
        {
        }

        Assert.InRange((await Store.ApplyAsync(0, [Ops.Create(Guid.NewGuid().ToString())], Token)).Clock, mark, mark + 60_000);
    }

    [Fact]
    public async Task Scripts_WhenTheServerForgotThem_AreSentAgain()
    {
        await Raw.ExecuteAsync("SCRIPT", "FLUSH", "SYNC");
        Assert.Equal(OperationOutcome.Applied, (await Store.ApplyAsync(0, [Ops.Create("a") with { AddReady = Ops.Ready() }], Token)).Results[0].Outcome);
        await Raw.ExecuteAsync("SCRIPT", "FLUSH", "SYNC");
        Assert.Equal(1, (await Store.TakeSequenceAsync(1, Token)).First);
        Assert.Empty((await Store.ReadIndexAsync(0, "all", null, true, 1, Token)).Entries);
    }

    [Fact]
    public async Task RemoveReady_WhenTheProcessNeverSawTheQueue_FindsItAllTheSame()
    {
        var create = Ops.Create("a") with { AddReady = Ops.Ready("written-by-another-process") };
        await Store.ApplyAsync(0, [create], Token);
        await _underTest!.ReopenAsync();
        var result = (await Store.ApplyAsync(0, [Ops.After(create) with { RemoveReady = true }], Token)).Results[0];
        Assert.Equal(new OperationResult(OperationOutcome.Applied, 2, 1), result);
        Assert.Equal(new ReadyMark(0, "written-by-another-process", 1, 0), Assert.Single(await Store.ReadReadyMarksAsync(Token)));
    }

    [Fact]
    public async Task EndedMarks_AreKeptForTheirAgeAndNotForEver()
    {
        await Store.MarkSessionEndedAsync("s", Token);
        foreach (var key in new[] { "jobgrid:{0}:ended:s", "jobgrid:{g}:ended:s" })
        {
            var left = await Raw.KeyTimeToLiveAsync(key);
            Assert.InRange(left!.Value, StoreLimits.EndedMarkAge - TimeSpan.FromMinutes(10), StoreLimits.EndedMarkAge);
        }
    }

    [Fact]
    public async Task Open_WithAnotherNumberOfShards_IsRefusedAndWithNoneTakesTheStored()
    {
        var options = new RedisStoreOptions { Endpoint = Server.Endpoint };
        var refusal = await Assert.ThrowsAsync<JobStoreException>(() => RedisJobStore.OpenAsync(options with { Shards = 4 }, TimeProvider.System, Token));
        Assert.Contains("made with 1 shards", refusal.Message, StringComparison.Ordinal);
        await using var same = await RedisJobStore.OpenAsync(options, TimeProvider.System, Token);
        Assert.Equal((1, Store.Description.StoreId), (same.ShardCount, same.Description.StoreId));
        await using var other = await RedisJobStore.OpenAsync(options with { Cluster = "other" }, TimeProvider.System, Token);
        Assert.Equal(RedisStoreOptions.DefaultShards, other.ShardCount);
        Assert.NotEqual(same.Description.StoreId, other.Description.StoreId);
    }

    [Fact]
    public async Task Open_WhenTheStoreIsNewerOrNone_LeavesItAsItIs()
    {
        await Raw.HashSetAsync("newer:{g}:store", [new("format", 99), new("id", "x"), new("shards", 1)]);
        await Raw.HashSetAsync("strange:{g}:store", "something", "else");
        foreach (var (cluster, words) in new[] { ("newer", "format 99"), ("strange", "no store") })
        {
            var refusal = await Assert.ThrowsAsync<StoreDamagedException>(
                () => RedisJobStore.OpenAsync(new() { Endpoint = Server.Endpoint, Cluster = cluster }, TimeProvider.System, Token));
            Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        }
        Assert.Equal("else", await Raw.HashGetAsync("strange:{g}:store", "something"));
    }

    [Fact]
    public async Task Open_WhenNobodyListens_NamesTheAddressAndTheMend()
    {
        var endpoint = Server.Endpoint;
        await Server.KillAsync();
        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(
            () => RedisJobStore.OpenAsync(new() { Endpoint = endpoint, ConnectTimeout = TimeSpan.FromMilliseconds(500) }, TimeProvider.System, Token));
        Assert.Contains($"Redis at {endpoint} cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.Contains("--redis", fault.Message, StringComparison.Ordinal);
        Assert.IsType<RedisConnectionException>(fault.InnerException);
    }

    [Fact]
    public async Task Open_WithAPassword_WorksAndWithoutSaysHowToWriteIt()
    {
        await Raw.ExecuteAsync("ACL", "SETUSER", "grid", "on", ">s@cret", "~jobgrid:*", "+@all");
        await Raw.ExecuteAsync("ACL", "SETUSER", "default", "off");
        foreach (var wrong in new[] { Server.Endpoint, $"redis://grid:wrong@{Server.Endpoint}" })
        {
            var refusal = await Assert.ThrowsAsync<JobStoreException>(
                () => RedisJobStore.OpenAsync(new() { Endpoint = wrong }, TimeProvider.System, Token));
            Assert.Contains("redis://user:password@host:port", refusal.Message, StringComparison.Ordinal);
        }
        // A user that may touch only keys that begin with the cluster's name suffices.
        await using var store = await RedisJobStore.OpenAsync(new() { Endpoint = $"redis://grid:s%40cret@{Server.Endpoint}/0" }, TimeProvider.System, Token);
        Assert.DoesNotContain("cret", store.Description.Where, StringComparison.Ordinal);
        Assert.Equal(OperationOutcome.Applied, (await store.ApplyAsync(0, [Ops.Create("a")], Token)).Results[0].Outcome);
        Assert.True((await store.WriteDocumentAsync("budgets", "a", 0, Ops.Bytes("body"), Token)).Written);
        Assert.Single(await store.ReadDocumentsAsync("budgets", Token));
    }

    [Fact]
    public async Task Document_WhoseCollectionIsForeignOrDamaged_IsToldAndLeft()
    {
        const string key = "jobgrid:{g}:documents:budgets";
        async Task RefusedAsync(string because)
        {
            var written = await Assert.ThrowsAsync<StoreDamagedException>(
                async () => await Store.WriteDocumentAsync("budgets", "a", 0, Ops.Bytes("body"), Token));
            Assert.Contains(because, written.Message, StringComparison.Ordinal);
            var read = await Assert.ThrowsAsync<StoreDamagedException>(async () => await Store.ReadDocumentsAsync("budgets", Token));
            Assert.Contains(because, read.Message, StringComparison.Ordinal);
        }

        await Raw.StringSetAsync(key, "foreign");
        await RefusedAsync("another program");
        Assert.Equal("foreign", await Raw.StringGetAsync(key));
        await Raw.KeyDeleteAsync(key);
        await Raw.HashSetAsync(key, "a", "short");
        await RefusedAsync("damaged");
        Assert.Equal("short", await Raw.HashGetAsync(key, "a"));
    }

    [Fact]
    public async Task Document_AtMaxmemory_IsStillWrittenAndDeleted()
    {
        await Store.WriteDocumentAsync("budgets", "a", 0, Ops.Bytes("one"), Token);
        await Raw.ExecuteAsync("CONFIG", "SET", "maxmemory", "500kb");
        await Assert.ThrowsAsync<RedisServerException>(() => Raw.StringSetAsync("foreign", "the server is full"));

        Assert.Equal(new DocumentAnswer(true, 2), await Store.WriteDocumentAsync("budgets", "a", 1, Ops.Bytes("two"), Token));
        Assert.Equal(new DocumentAnswer(true, 0), await Store.WriteDocumentAsync("budgets", "a", 2, null, Token));

        await Raw.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
    }

    [Fact]
    public async Task Open_WithWrongOptions_NamesEachOfThem()
    {
        var fault = await Assert.ThrowsAsync<JobStoreException>(
            () => RedisJobStore.OpenAsync(new() { Endpoint = Server.Endpoint, Cluster = "a{b}", Shards = 0 }, TimeProvider.System, Token));
        Assert.Contains("Cluster: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Shards: ", fault.Message, StringComparison.Ordinal);
        var address = await Assert.ThrowsAsync<JobStoreException>(() => RedisJobStore.OpenAsync(new() { Endpoint = "nowhere" }, TimeProvider.System, Token));
        Assert.Contains("HOST:PORT", address.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_From90PercentOfMaxmemory_NewJobsAreRefusedAndOthersPass()
    {
        var create = Ops.Create("old") with { AddEntries = [new("all", 1)] };
        await Store.ApplyAsync(0, [create], Token);
        await _underTest!.ReopenAsync();
        await Raw.ExecuteAsync("CONFIG", "SET", "maxmemory", "500kb");

        var results = (await Store.ApplyAsync(0, [Ops.Create("new"), Ops.After(create), create], Token)).Results;

        Assert.Equal([OperationOutcome.Rejected, OperationOutcome.Applied], results.Take(2).Select(r => r.Outcome));
        Assert.Contains("maxmemory", results[0].Reason, StringComparison.Ordinal);
        // Not a script of the grid's that is let through: opening a new store there.
        var fault = await Assert.ThrowsAsync<JobStoreException>(
            () => RedisJobStore.OpenAsync(new() { Endpoint = Server.Endpoint, Cluster = "late" }, TimeProvider.System, Token));
        Assert.Contains("maxmemory", fault.Message, StringComparison.Ordinal);
        await Raw.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
    }

    [Fact]
    public async Task Description_TellsTheServersSettingsAndWhatFollows()
    {
        Assert.Equal("redis", Store.Description.Kind);
        Assert.Contains(Server.Endpoint, Store.Description.Where, StringComparison.Ordinal);
        Assert.Contains("appendonly no", Store.Description.Durability, StringComparison.Ordinal);
        await Raw.ExecuteAsync("CONFIG", "SET", "appendonly", "yes");
        await Raw.ExecuteAsync("CONFIG", "SET", "appendfsync", "always");
        await Raw.ExecuteAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        await _underTest!.ReopenAsync();
        Assert.Contains("survives kill -9", Store.Description.Durability, StringComparison.Ordinal);
        Assert.Contains("by half", Store.Description.Durability, StringComparison.Ordinal);
        Assert.Contains("check-aof.sh", Store.Description.Findings.Single(f => f.Setting == "aof-load-truncated").Warning, StringComparison.Ordinal);
        var policy = Store.Description.Findings.Single(f => f.Setting == "maxmemory-policy");
        Assert.Equal("allkeys-lru", policy.Value);
        Assert.Contains("noeviction", policy.Warning, StringComparison.Ordinal);

        await Raw.ExecuteAsync("ACL", "SETUSER", "default", "-config");
        await _underTest.ReopenAsync();
        Assert.Equal("unknown", Store.Description.Findings.Single(f => f.Setting == "appendfsync").Value);
        Assert.Contains("unknown", Store.Description.Durability, StringComparison.Ordinal);
    }
}
