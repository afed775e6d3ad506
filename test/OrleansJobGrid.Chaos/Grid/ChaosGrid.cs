using System.Text.Json.Nodes;
using OrleansJobGrid.Chaos.Broken;
using OrleansJobGrid.Chaos.Clocks;
using OrleansJobGrid.Chaos.Disks;
using OrleansJobGrid.Chaos.Faults;
using OrleansJobGrid.Chaos.Network;
using OrleansJobGrid.Chaos.Workload;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Calls;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using OrleansJobGrid.TestKit.Redis;

namespace OrleansJobGrid.Chaos.Grid;

/// <summary>
/// Silos with the roles grid and worker and one process that is only the gateway, on a Redis that loses nothing, each with a way of its own
/// to it; or one process on SQLite. Beside them the service outside.
/// </summary>
internal sealed class ChaosGrid : IAsyncDisposable
{
    /// <summary>Nothing is in the way yet: what is not ready by then never will be.</summary>
    private static readonly TimeSpan FirstStartLimit = TimeSpan.FromSeconds(60);

    private readonly ChaosOptions _options;
    private readonly string _folder;
    private readonly Journal _journal;
    private readonly List<Place> _silos = [];
    private readonly Dictionary<Target, SocketProxy> _links = [];
    private readonly Dictionary<Target, SteppedClock> _clocks = [];
    private Func<string, SteppedClock>? _newClock;
    private readonly HttpClient _http;

    private ChaosGrid(ChaosOptions options, string folder, Journal journal)
    {
        (_options, _folder, _journal) = (options, folder, journal);
        Url = new($"http://127.0.0.1:{FreePorts.Next()}");
        _http = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(10) };
        // It tries again by itself, and the run is to see each answer.
        Client = new JobGridClient(_http, new() { Retries = 0 });
    }

    /// <summary>Where clients find the grid, whichever process listens there.</summary>
    public Uri Url { get; }

    public JobGridClient Client { get; }

    public TestServiceProcess Service { get; private set; } = null!;

    public SideEffectLog Effects { get; } = new();

    /// <summary>Where the calls of sagas go; no fault befalls it.</summary>
    public CallTarget Target { get; private set; } = null!;

    public IReadOnlyList<Place> Silos => _silos;

    /// <summary>On SQLite the one process.</summary>
    public Place Gateway { get; private set; } = null!;

    /// <summary>Null on SQLite.</summary>
    public RedisServer? Redis { get; private set; }

    /// <summary>One fault of the store at a time.</summary>
    public SemaphoreSlim StoreBusy { get; } = new(1, 1);

    /// <summary>What the store lies on; null: it is not to fill up.</summary>
    public SmallDisk? Disk { get; private set; }

    public IEnumerable<Place> Places => _silos.Contains(Gateway) ? _silos : [.. _silos, Gateway];

    public static async Task<ChaosGrid> StartAsync(ChaosOptions options, string folder, Journal journal, CancellationToken cancellationToken)
    {
        var grid = new ChaosGrid(options, folder, journal);
        try
        {
            await grid.StartAsync(cancellationToken);
            return grid;
        }
        catch
        {
            await grid.DisposeAsync();
            throw;
        }
    }

    /// <summary>The way that a target names.</summary>
    public SocketProxy Link(Target target) => _links[target];

    /// <summary>The clock of a target's process.</summary>
    public SteppedClock Clock(Target target) => _clocks[target];

    /// <summary>Opens all ways.</summary>
    public void Mend()
    {
        foreach (var link in _links.Values)
            link.Set(LinkWay.Pass);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var place in Gateway is null ? _silos : Places)
            await place.DisposeAsync();
        foreach (var link in _links.Values)
            await link.DisposeAsync();
        if (Redis is not null)
            await Redis.DisposeAsync();
        Disk?.Dispose();
        if (Service is not null)
            await Service.DisposeAsync();
        if (Target is not null)
            await Target.DisposeAsync();
        StoreBusy.Dispose();
        Effects.Dispose();
        _http.Dispose();
        if (Directory.Exists(Data))
            Directory.Delete(Data, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        Service = await TestServiceProcess.StartAsync(new() { Slots = 200 });
        Target = await CallTarget.StartAsync();
        Target.Answer = SagaMix.AnswerAsync;
        if (_options.Nemeses.Contains(Nemesis.Clock))
            _newClock = await SteppedClock.PrepareAsync(_folder, cancellationToken);
        if (_options.Nemeses.Contains(Nemesis.Disk))
            Disk = SmallDisk.MountAt(_options.OneProcess ? Data : Path.Combine(_folder, "disk"));
        if (_options.OneProcess)
        {
            Gateway = NewPlace("silo-0", "gateway,grid,worker", null, 0);
            _silos.Add(Gateway);
            await Gateway.StartAsync(cancellationToken).WaitAsync(FirstStartLimit, TimeProvider.System, cancellationToken);
            return;
        }

        var settings = RedisServerSettings.Durable with { Folder = Disk?.Folder, Environment = ClockOf(new(TargetKind.Store)) };
        Redis = await RedisServer.StartAsync(settings, cancellationToken);
        for (var place = 0; place < _options.Silos; place++)
        {
            var toStore = AddLink(new(TargetKind.SiloToStore, place), Redis.Port);
            _silos.Add(NewPlace($"silo-{place}", "grid,worker", toStore, place));
        }

        Gateway = NewPlace("gateway", "gateway", AddLink(new(TargetKind.GatewayToStore), Redis.Port), -1);
        // The gateway is a client: it needs a silo first.
        await Task.WhenAll(_silos.Select(s => s.StartAsync(cancellationToken))).WaitAsync(FirstStartLimit, TimeProvider.System, cancellationToken);
        await Gateway.StartAsync(cancellationToken).WaitAsync(FirstStartLimit, TimeProvider.System, cancellationToken);
    }

    private SocketProxy AddLink(Target target, int port) => _links[target] = SocketProxy.To(port);

    private IReadOnlyDictionary<string, string> ClockOf(Target target) =>
        _newClock is null ? new Dictionary<string, string>() : (_clocks[target] = _newClock(target.ToString())).Environment;

    private Place NewPlace(string name, string roles, SocketProxy? toStore, int place)
    {
        var config = Path.Combine(_folder, $"{name}.json");
        var settings = OutsideSettings.Of(Service.Url);
        settings["Sagas"] = new JsonObject { ["Allow"] = new JsonArray(Target.Url) };
        File.WriteAllText(config, new JsonObject { ["JobGrid"] = settings }.ToJsonString());
        var environment = new Dictionary<string, string>(
            [.. Effects.Environment, .. ClockOf(place >= 0 ? new(TargetKind.Silo, place) : new(TargetKind.Gateway))]);
        var siloPort = 0;
        if (_options.Without is not null)
            environment[BrokenGrid.Allowed] = "1";
        if (place >= 0)
            environment["JOBGRID_WORKER__NODE"] = $"machine-{place}";
        if (place >= 0 && !_options.OneProcess)
        {
            // The others know only the way that leads through the proxy.
            var own = FreePorts.Next();
            siloPort = AddLink(new(TargetKind.SilosToSilo, place), own).Port;
            environment["JOBGRID_SILO__LISTEN"] = $"127.0.0.1:{own}";
        }

        var arguments = new GridArguments(Data)
        {
            Redis = toStore is null ? null : $"127.0.0.1:{toStore.Port}",
            Roles = roles,
            Slots = _options.Slots,
            Config = place >= 0 ? config : null,
            Url = Url,
            SiloPort = siloPort,
            Environment = environment,
            Program = BrokenGrid.ProgramOf(_options.Without),
        };
        return new Place(name, arguments, _folder, _journal);
    }
}
