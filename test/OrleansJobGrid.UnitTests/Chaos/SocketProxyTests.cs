using System.Net;
using System.Net.Sockets;
using OrleansJobGrid.Chaos.Faults;
using OrleansJobGrid.Chaos.Network;
using Xunit;

namespace OrleansJobGrid.UnitTests.Chaos;

/// <summary>The way between a client and a server that answers each byte with the next.</summary>
public sealed class SocketProxyTests : IAsyncLifetime
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly List<byte> _seen = [];
    private SocketProxy _proxy = null!;
    private Task _serving = Task.CompletedTask;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _server.Start();
        _proxy = SocketProxy.To(((IPEndPoint)_server.LocalEndpoint).Port);
        _serving = ServeAsync();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Dispose();
        await _serving;
    }

    [Fact]
    public async Task Open_it_carries_both_ways()
    {
        using var client = await ConnectAsync();

        Assert.Equal(8, await AskAsync(client, 7));
        Assert.Equal(43, await AskAsync(client, 42));
    }

    [Fact]
    public async Task Cut_it_ends_what_is_open_and_refuses_what_is_new_and_open_again_it_carries()
    {
        using var client = await ConnectAsync();
        Assert.Equal(2, await AskAsync(client, 1));

        _proxy.Set(LinkWay.Cut);
        Assert.Null(await AskAsync(client, 2));
        // The cut may be seen while connecting or after it.
        Assert.Null(await AskAfreshAsync(3));
        _proxy.Set(LinkWay.Pass);

        using var again = await ConnectAsync();
        Assert.Equal(5, await AskAsync(again, 4));
        Assert.Equal([1, 4], _seen);
    }

    [Fact]
    public async Task Dropping_answers_the_server_sees_the_request_and_the_client_no_answer_but_an_end()
    {
        using var client = await ConnectAsync();
        Assert.Equal(2, await AskAsync(client, 1));

        _proxy.Set(LinkWay.DropAnswers);

        Assert.Null(await AskedUntilItEndsAsync(client, 2));
        Assert.Equal([1, 2], _seen);
    }

    [Fact]
    public async Task Dropping_requests_the_server_sees_nothing()
    {
        using var client = await ConnectAsync();
        Assert.Equal(2, await AskAsync(client, 1));

        _proxy.Set(LinkWay.DropRequests);

        Assert.Null(await AskedUntilItEndsAsync(client, 2));
        Assert.Equal([1], _seen);
    }

    [Fact]
    public async Task Slow_it_carries_late()
    {
        using var client = await ConnectAsync();
        _proxy.Set(LinkWay.Delay, TimeSpan.FromMilliseconds(50));
        var started = TimeProvider.System.GetTimestamp();

        Assert.Equal(2, await AskAsync(client, 1));

        Assert.True(TimeProvider.System.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(100));
    }

    /// <summary>Opens the way again once something was swallowed, which ends a connection with a gap in it.</summary>
    private async Task<int?> AskedUntilItEndsAsync(Socket client, int value)
    {
        var asking = AskAsync(client, value);
        while (!_proxy.HasLost)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancelled);
        _proxy.Set(LinkWay.Pass);
        return await asking;
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancelled);
        return client;
    }

    private async Task<int?> AskAfreshAsync(int value)
    {
        try
        {
            using var client = await ConnectAsync();
            return await AskAsync(client, value);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The answer; null: the connection ended instead.</summary>
    private static async Task<int?> AskAsync(Socket client, int value)
    {
        try
        {
            await client.SendAsync(new[] { (byte)value }, Cancelled);
            var answer = new byte[1];
            return await client.ReceiveAsync(answer, Cancelled) == 1 ? answer[0] : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _server.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var value = new byte[1];
                while (await client.ReceiveAsync(value) == 1)
                {
                    lock (_seen)
                        _seen.Add(value[0]);
                    value[0]++;
                    await client.SendAsync(value);
                }
            }
            catch (SocketException)
            {
                // The way to the client was cut.
            }
        }
    }
}
