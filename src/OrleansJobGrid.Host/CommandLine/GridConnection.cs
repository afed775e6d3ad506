using OrleansJobGrid.Client;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>The grid that a command talks to.</summary>
internal sealed class GridConnection : IDisposable
{
    public const string DefaultUrl = "http://127.0.0.1:8080";
    public const string UrlVariable = "JOBGRID_URL";

    private readonly HttpClient _http;

    private GridConnection(Uri url)
    {
        Url = url;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            // A proxy of the environment cannot reach this machine's own loopback.
            UseProxy = !url.IsLoopback,
        })
        {
            BaseAddress = url,
            Timeout = TimeSpan.FromMinutes(5),
        };
        Client = new JobGridClient(_http);
        Impatient = new JobGridClient(_http, new JobGridClientOptions { Retries = 1, BaseDelay = TimeSpan.FromMilliseconds(100) });
    }

    public Uri Url { get; }

    /// <summary>For work under way: sits out a short outage of the grid.</summary>
    public JobGridClient Client { get; }

    /// <summary>For a first contact and for look-ups: a person is waiting, and a grid that is not there should be said at once.</summary>
    public JobGridClient Impatient { get; }

    /// <summary>The address of --url, else of JOBGRID_URL, else null.</summary>
    public static string? NamedUrl(string? option, CommandEnvironment environment) =>
        option ?? (environment.Variable(UrlVariable) is { Length: > 0 } variable ? variable : null);

    public static GridConnection Open(string? option, CommandEnvironment environment) =>
        Open(NamedUrl(option, environment) ?? DefaultUrl, option is not null ? "--url" : UrlVariable);

    public static GridConnection Open(Uri url) => new(url);

    public void Dispose() => _http.Dispose();

    private static GridConnection Open(string url, string source)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw CommandFailure.Usage($"{source} is '{Printable.Of(url)}', which is no address.", $"Write it like {DefaultUrl}.");
        return new GridConnection(address.AbsolutePath.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/"));
    }
}
