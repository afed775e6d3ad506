using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using OrleansJobGrid.Chaos.Faults;

namespace OrleansJobGrid.Chaos.Network;

/// <summary>A way to one address that can be cut, slowed down, or made to swallow one direction.</summary>
internal sealed class SocketProxy : IAsyncDisposable
{
    private const int ChunkBytes = 64 << 10;

    private readonly Socket _listener;
    private readonly EndPoint _target;
    private readonly ConcurrentDictionary<Link, byte> _links = [];
    private readonly Task _accepting;
    private volatile Setting _setting = new(LinkWay.Pass, default);

    private SocketProxy(EndPoint listen, EndPoint target)
    {
        _target = target;
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(listen);
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Whether an open connection has a gap in it.</summary>
    public bool HasLost => _links.Keys.Any(l => l.HasLost);

    /// <param name="target">A port of 127.0.0.1.</param>
    /// <param name="port">Of 127.0.0.1; 0: a free one.</param>
    public static SocketProxy To(int target, int port = 0) => new(new IPEndPoint(IPAddress.Loopback, port), new IPEndPoint(IPAddress.Loopback, target));

    /// <summary>What the link does from now on.</summary>
    public void Set(LinkWay way, TimeSpan delay = default)
    {
        _setting = new(way, delay);
        foreach (var link in _links.Keys)
        {
            // A stream that lost bytes cannot go on.
            if (way == LinkWay.Cut || (way == LinkWay.Pass && link.HasLost))
                link.Cut();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var link in _links.Keys)
            link.Cut();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var link = new Link(client, new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        _links.TryAdd(link, 0);
        try
        {
            if (_setting.Way == LinkWay.Cut)
                return;
            client.NoDelay = link.Server.NoDelay = true;
            await link.Server.ConnectAsync(_target);
            await Task.WhenAny(PumpAsync(link, client, link.Server, LinkWay.DropRequests), PumpAsync(link, link.Server, client, LinkWay.DropAnswers));
        }
        catch (SocketException)
        {
            // Nobody listens there: the client sees its connection end, as without a proxy.
        }
        finally
        {
            link.Cut();
            _links.TryRemove(link, out _);
        }
    }

    /// <summary>Carries one direction, each piece as late as the link was when it came.</summary>
    private async Task PumpAsync(Link link, Socket from, Socket to, LinkWay swallows)
    {
        var pieces = Channel.CreateBounded<(byte[] Bytes, long Due)>(64);
        var writing = WriteAsync(to, pieces.Reader);
        try
        {
            var buffer = new byte[ChunkBytes];
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                var setting = _setting;
                if (setting.Way == swallows)
                {
                    link.HasLost = true;
                    continue;
                }

                var delay = setting.Way == LinkWay.Delay ? setting.Delay : TimeSpan.Zero;
                await pieces.Writer.WriteAsync((buffer[..count], TimeProvider.System.GetTimestamp() + (long)(delay.TotalSeconds * TimeProvider.System.TimestampFrequency)));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or ChannelClosedException)
        {
            // One end is gone, and the link with it.
        }

        pieces.Writer.TryComplete();
        await writing;
    }

    private static async Task WriteAsync(Socket to, ChannelReader<(byte[] Bytes, long Due)> pieces)
    {
        try
        {
            await foreach (var (bytes, due) in pieces.ReadAllAsync())
            {
                // A delay counts whole milliseconds, and so ends a little early.
                while (TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), due) is { Ticks: > 0 } early)
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(early.TotalMilliseconds)), TimeProvider.System);
                for (var sent = 0; sent < bytes.Length;)
                    sent += await to.SendAsync(bytes.AsMemory(sent));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // What still comes is read and thrown away until the reader sees its own end closed.
            to.Dispose();
            await foreach (var _ in pieces.ReadAllAsync())
            {
            }
        }
    }

    private sealed record Setting(LinkWay Way, TimeSpan Delay);

    private sealed class Link(Socket client, Socket server)
    {
        private volatile bool _hasLost;

        public Socket Server => server;

        public bool HasLost { get => _hasLost; set => _hasLost = value; }

        public void Cut()
        {
            foreach (var socket in (Socket[])[client, server])
            {
                try
                {
                    // With a reset, as a cut is.
                    socket.LingerState = new(true, 0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // It is closed already.
                }

                socket.Dispose();
            }
        }
    }
}
