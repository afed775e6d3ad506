using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace OrleansJobGrid.Storage.Redis;

/// <summary>Reads the address of a Redis server as a person writes it.</summary>
public static class RedisEndpoint
{
    private const string Forms = "Write HOST:PORT or redis[s]://user:password@host:port/db.";

    /// <summary>
    /// Parses <c>HOST:PORT</c> (an IPv6 host in brackets) or <c>redis[s]://user:password@host:port/db</c>, where user, password, port
    /// (6379) and db (0) may be absent, user and password are percent-encoded, and <c>rediss</c> means TLS.
    /// </summary>
    /// <returns>Settings for the store and for Orleans' Redis providers alike.</returns>
    /// <exception cref="FormatException">Says what is wrong and how to write it; never repeats a password.</exception>
    public static ConfigurationOptions Parse(string endpoint)
    {
        if (string.IsNullOrWhiteSpace(endpoint))
            throw new FormatException($"The address of Redis is empty. {Forms}");
        var text = endpoint.Trim();
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        var options = scheme < 0 ? Plain(text) : Url(text, text[..scheme].ToLowerInvariant());
        options.AbortOnConnectFail = false;
        options.SocketManager = SocketManager.ThreadPool;
        return options;
    }

    /// <summary>Host, port and database without secrets, for messages.</summary>
    public static string Describe(ConfigurationOptions options)
    {
        var hosts = string.Join(", ", options.EndPoints.Select(e => e switch
        {
            DnsEndPoint dns => $"{dns.Host}:{dns.Port}",
            _ => e.ToString(),
        }));
        return options.DefaultDatabase is { } db and not 0 ? $"{hosts}/{db}" : hosts;
    }

    private static ConfigurationOptions Plain(string text)
    {
        if (text.Contains('@') || text.Contains('/'))
            throw new FormatException($"An address of Redis with a user, a password or a database begins with redis:// or rediss://. {Forms}");
        var colon = text.LastIndexOf(':');
        var ipv6 = text.StartsWith('[');
        if (colon <= 0 || (ipv6 && text[colon - 1] != ']') || (!ipv6 && text.IndexOf(':') != colon))
            throw new FormatException($"'{text}' is no address of Redis: the port is missing or an IPv6 host is not in brackets. {Forms}");
        var host = text[..colon].Trim('[', ']');
        return At(host, Port(text[(colon + 1)..]));
    }

    private static ConfigurationOptions Url(string text, string scheme)
    {
        if (scheme is not ("redis" or "rediss"))
            throw new FormatException($"'{scheme}://' is no scheme of Redis; it is redis:// or, with TLS, rediss://. {Forms}");
        var rest = text[(scheme.Length + 3)..];
        var at = rest.LastIndexOf('@');
        var place = rest[(at + 1)..];
        if (place.IndexOfAny(['?', '#']) >= 0)
            throw new FormatException(
                $"The address of Redis has a '?' or '#' after the host; there are no such options, and in a password they are written %3F and %23. {Forms}");
        var slash = place.IndexOf('/');
        var database = slash < 0 ? "" : place[(slash + 1)..].TrimEnd('/');
        var hostAndPort = slash < 0 ? place : place[..slash];
        var portColon = hostAndPort.LastIndexOf(':') is var last && last > hostAndPort.LastIndexOf(']') ? last : -1;
        var host = (portColon < 0 ? hostAndPort : hostAndPort[..portColon]).Trim('[', ']');
        var options = At(host, portColon < 0 ? 6379 : Port(hostAndPort[(portColon + 1)..]));
        if (database.Length > 0)
            options.DefaultDatabase = int.TryParse(database, NumberStyles.None, CultureInfo.InvariantCulture, out var db)
                ? db
                : throw new FormatException($"'{database}' is no number of a Redis database. {Forms}");
        if (at >= 0)
            Credentials(rest[..at], options);
        if (scheme == "rediss")
        {
            options.Ssl = true;
            options.SslHost = host;
        }
        return options;
    }

    private static void Credentials(string text, ConfigurationOptions options)
    {
        var colon = text.IndexOf(':');
        if (colon < 0)
            throw new FormatException($"The address of Redis has a name before '@' but no ':'; a password alone is written redis://:password@host. {Forms}");
        var user = Uri.UnescapeDataString(text[..colon]);
        options.User = user.Length == 0 ? null : user;
        options.Password = Uri.UnescapeDataString(text[(colon + 1)..]);
    }

    private static ConfigurationOptions At(string host, int port)
    {
        if (host.Length == 0 || host.Any(c => char.IsWhiteSpace(c) || c == ','))
            throw new FormatException($"The address of Redis names no host, or more than one. {Forms}");
        var options = new ConfigurationOptions();
        options.EndPoints.Add(host, port);
        return options;
    }

    private static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536
            ? port
            : throw new FormatException($"'{text}' is no port, which is a number from 1 to 65535. {Forms}");
}
