using OrleansJobGrid.Chaos.Grid;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Redis;

namespace OrleansJobGrid.Chaos.Soak;

/// <summary>Silos that are gateways and workers as well, on a Redis that loses nothing; clients go to whichever answers.</summary>
internal sealed class SoakGrid : IAsyncDisposable
{
    private static readonly TimeSpan FirstStartLimit = TimeSpan.FromSeconds(60);

    private readonly List<HttpClient> _https = [];
    private readonly string _data;

    private SoakGrid(RedisServer redis, string data) => (Redis, _data) = (redis, data);

    public RedisServer Redis { get; }

    public SideEffectLog Effects { get; } = new();

    public List<Place> Silos { get; } = [];

    /// <summary>A client of each silo's gateway, which does not try again by itself.</summary>
    public List<JobGridClient> Clients { get; } = [];

    public static string NodeOf(int place) => $"machine-{place}";

    public static async Task<SoakGrid> StartAsync(SoakOptions options, Journal journal, CancellationToken cancellationToken)
    {
        var grid = new SoakGrid(await RedisServer.StartAsync(RedisServerSettings.Durable, cancellationToken), Path.Combine(options.Out, "data"));
        try
        {
            for (var place = 0; place < options.Silos; place++)
                grid.Add(place, options, journal);
            await Task.WhenAll(grid.Silos.Select(s => s.StartAsync(cancellationToken))).WaitAsync(FirstStartLimit, TimeProvider.System, cancellationToken);
            return grid;
        }
        catch
        {
            await grid.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Silos)
            await silo.DisposeAsync();
        await Redis.DisposeAsync();
        Effects.Dispose();
        _https.ForEach(h => h.Dispose());
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private void Add(int place, SoakOptions options, Journal journal)
    {
        var url = new Uri($"http://127.0.0.1:{FreePorts.Next()}");
        var http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(10) };
        _https.Add(http);
        Clients.Add(new(http, new() { Retries = 0 }));
        var arguments = new GridArguments(_data)
        {
            Redis = Redis.Endpoint,
            Slots = options.Slots,
            Url = url,
            SiloPort = FreePorts.Next(),
            Environment = new Dictionary<string, string>(Effects.Environment)
            {
                ["JOBGRID_WORKER__NODE"] = NodeOf(place),
                ["JOBGRID_KEEP__COMPLETED"] = options.Keep.ToString("c"),
            },
        };
        Silos.Add(new Place($"silo-{place}", arguments, options.Out, journal));
    }
}
