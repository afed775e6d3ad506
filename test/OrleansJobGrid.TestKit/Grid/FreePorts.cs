using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansJobGrid.TestKit.Grid;

/// <summary>
/// Ports of 127.0.0.1 for servers that are told theirs. Below those that the system gives to outgoing connections: a server that is killed
/// finds its port free again when it is started anew.
/// </summary>
public static class FreePorts
{
    private const int First = 10_240;
    private const int Tries = 200;
    private const string Outgoing = "/proc/sys/net/ipv4/ip_local_port_range";

    // Test programs that run side by side begin at different places.
    private static int _last = Environment.ProcessId * 61;

    private static readonly int End = File.Exists(Outgoing) ? int.Parse(File.ReadAllText(Outgoing).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 32_768;

    /// <summary>A port that nobody listens on at this moment.</summary>
    public static int Next()
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, First + (int)((uint)Interlocked.Increment(ref _last) % (uint)Math.Max(1_000, End - First)));
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one.
            }
        }

        throw new InvalidOperationException($"None of {Tries} ports from {First} to {End} was free.");
    }
}
