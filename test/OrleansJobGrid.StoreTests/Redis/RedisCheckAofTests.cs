using OrleansJobGrid.TestKit.Redis;
using StackExchange.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>deploy/redis/check-aof.sh on the files of a real server.</summary>
[Collection(KilledProcesses.Name)]
public sealed class RedisCheckAofTests : IAsyncLifetime
{
    private const string FourWrites =
        "redis.call('set', ARGV[1] .. 1, 'x') redis.call('hset', ARGV[1] .. 2, 'f', 'x') redis.call('zadd', ARGV[1] .. 3, 1, 'm') redis.call('set', ARGV[1] .. 4, 'x')";

    private static readonly string[] Before = ["a1", "a2", "a3", "a4", "plain"];

    private RedisServer? _server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private RedisServer Server => _server ?? throw new InvalidOperationException("The server is not running.");

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync(RedisServerSettings.Durable, Token);
        await WriteAsync(async to =>
        {
            await to.ScriptEvaluateAsync(FourWrites, values: ["a"]);
            await to.StringSetAsync("plain", "x");
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("hset", 4, 15)]
    [InlineData("zadd", 4, 0)]
    [InlineData("EXEC", 1, 5)]
    public async Task BrokenOffInsideOfATransaction_TheWholeOnesAloneAreThereAlsoAtTheSecondStart(string command, int arguments, int beyond)
    {
        await WriteAsync(to => to.ScriptEvaluateAsync(FourWrites, values: ["b"]));
        await Server.KillAsync();
        var file = new AppendOnlyFile(Server);
        file.Bytes = file.Bytes[..(file.Last(command, arguments) + beyond)];
        await TwoStartsAsync(Before);
    }

    [Fact]
    public async Task BrokenOffInsideOfACommand_TheWholeOnesAloneAreThereAlsoAtTheSecondStart()
    {
        await WriteAsync(to => to.StringSetAsync("late", new string('x', 1_000)));
        await Server.KillAsync();
        var file = new AppendOnlyFile(Server);
        file.Bytes = file.Bytes[..^400];
        await TwoStartsAsync(Before);
    }

    [Fact]
    public async Task BrokenOffAnywhere_NoMoreAndNoLessThanTheLastWriteGoes()
    {
        await WriteAsync(to => to.ScriptEvaluateAsync(FourWrites, values: ["b"]));
        await Server.KillAsync();
        var file = new AppendOnlyFile(Server);
        var (whole, begin) = (file.Bytes, file.LastTransaction);
        for (var length = begin + 1; length < whole.Length; length += 6)
        {
            file.Bytes = whole[..length];
            var (code, said) = await Server.CheckAppendOnlyAsync(Token);
            Assert.True((0, begin) == (code, file.Bytes.Length), $"Cut at {length} of {whole.Length}: {code}, {file.Bytes.Length}: {said}");
            Assert.Contains($"cut off the last {length - begin} bytes", said, StringComparison.Ordinal);
        }
        file.Bytes = whole;
        Assert.Equal((0, ""), await Server.CheckAppendOnlyAsync(Token));
        Assert.Equal(whole, file.Bytes);
    }

    [Theory]
    [InlineData("another type", "no command begins there")]
    [InlineData("a length too long", "a length is wrong, and more follows behind it")]
    [InlineData("a length too short", "an argument is longer than its length")]
    [InlineData("half a transaction of an earlier crash", "a MULTI stands in another one")]
    [InlineData("a transaction without its beginning", "a whole command stands behind the fault")]
    public async Task DamagedInTheMiddle_NothingIsChangedAndAPersonIsAsked(string damage, string reason)
    {
        await WriteAsync(to => to.ScriptEvaluateAsync(FourWrites, values: ["b"]));
        await Server.KillAsync();
        var file = new AppendOnlyFile(Server);
        var (bytes, plain, transaction) = (file.Bytes, file.Last("SET", 3), file.LastTransaction);
        Assert.True(plain > 0 && plain < transaction, "The plain command is not where it was thought.");
        switch (damage)
        {
            case "another type":
                bytes[plain] = (byte)'?';
                break;
            case "a length too long":
                // Of the argument 'plain'.
                bytes = [.. bytes[..(plain + 14)], .. "999"u8, .. bytes[(plain + 14)..]];
                break;
            case "a length too short":
                bytes[plain + 14] = (byte)'2';
                break;
            case "half a transaction of an earlier crash":
                bytes = [.. bytes[..transaction], .. bytes[transaction..file.Last("hset", 4)], .. bytes[transaction..]];
                break;
            default:
                bytes = [.. bytes[..transaction], .. bytes[(transaction + 15)..]];
                break;
        }
        file.Bytes = bytes;

        var (code, said) = await Server.CheckAppendOnlyAsync(Token);
        Assert.True(code == 1, $"{code}: {said}");
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed. Copy the folder first", said, StringComparison.Ordinal);
        Assert.Equal(bytes, file.Bytes);
    }

    [Fact]
    public async Task WithoutFilesOfItsOwn_AServerMayStart()
    {
        await Server.KillAsync();
        Directory.Delete(Server.AppendOnlyFolder, recursive: true);
        Assert.Equal((0, ""), await Server.CheckAppendOnlyAsync(Token));
    }

    private async Task TwoStartsAsync(string[] expected)
    {
        await Server.RestartAsync(Token);
        Assert.Equal(expected, await KeysAsync());
        await WriteAsync(to => to.ScriptEvaluateAsync(FourWrites, values: ["c"]));
        await Server.RestartAsync(Token);
        string[] all = [.. expected.Concat(["c1", "c2", "c3", "c4"]).Order(StringComparer.Ordinal)];
        Assert.Equal(all, await KeysAsync());
    }

    private async Task WriteAsync(Func<IDatabase, Task> write)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Server.Endpoint);
        await write(connection.GetDatabase());
    }

    private async Task<string[]> KeysAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Server.Endpoint);
        return [.. connection.GetServers()[0].Keys().Select(k => (string)k!).Order(StringComparer.Ordinal)];
    }
}
