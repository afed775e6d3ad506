using System.Net.Sockets;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Storage.Redis;
using OrleansJobGrid.TestKit.Redis;
using Xunit;

namespace OrleansJobGrid.StoreTests.Redis;

/// <summary>What leaves the store when a connection breaks off under a call.</summary>
public sealed class RedisConnectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>How StackExchange.Redis may end a call whose connection broke off, beside its own exceptions.</summary>
    public static TheoryData<Exception> Bare =>
    [
        new IOException("Connection reset by peer", new SocketException((int)SocketError.ConnectionReset)),
        new SocketException((int)SocketError.ConnectionReset),
        new TaskCanceledException(),
    ];

    [Theory]
    [MemberData(nameof(Bare), DisableDiscoveryEnumeration = true)]
    public async Task The_bare_fault_of_a_socket_leaves_as_a_store_that_is_not_there(Exception bare)
    {
        await using var server = await RedisServer.StartAsync(new(), Token);
        await using var connection = await OpenAsync(server);

        var fault = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await connection.AskAsync(() => Task.FromException<int>(bare), Token));

        Assert.Same(bare, fault.InnerException);
        Assert.Contains("whether the call took effect is unknown", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_that_its_caller_ended_is_no_fault_of_the_store()
    {
        await using var server = await RedisServer.StartAsync(new(), Token);
        await using var connection = await OpenAsync(server);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);

        var waiting = connection.AskAsync(() => new TaskCompletionSource<int>().Task, ended.Token);
        await ended.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    private static Task<RedisConnection> OpenAsync(RedisServer server) =>
        RedisConnection.OpenAsync(RedisEndpoint.Parse(server.Endpoint), new() { Endpoint = server.Endpoint, Cluster = "jobgrid" }, Token);
}
