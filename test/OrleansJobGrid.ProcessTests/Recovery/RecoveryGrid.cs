using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using OrleansJobGrid.TestKit.Redis;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>
/// A gateway and processes with the roles grid and worker, each one a machine of its own by its name, on a Redis that loses nothing. Workers
/// are killed and started again by their place.
/// </summary>
internal sealed class RecoveryGrid : IAsyncDisposable
{
    private readonly RedisServer _redis;
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-recovery-").FullName;
    private readonly Func<int, JsonObject> _settings;
    private readonly int _slots;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly GridProcess?[] _workers;
    private readonly List<string> _deadLogs = [];

    private RecoveryGrid(RedisServer redis, int workers, int slots, Func<int, JsonObject> settings, IReadOnlyDictionary<string, string>? environment)
    {
        (_redis, _slots, _settings, _environment) = (redis, slots, settings, environment ?? new Dictionary<string, string>());
        _workers = new GridProcess?[workers];
    }

    public RedisServer Redis => _redis;

    public GridProcess Gateway { get; private set; } = null!;

    public JobGridClient Client => Gateway.Client;

    public int Workers => _workers.Length;

    /// <summary>Starts a gateway and the first of the workers' places.</summary>
    /// <param name="places">Places for workers.</param>
    /// <param name="slots">Of each worker.</param>
    /// <param name="settings">The configuration below <c>JobGrid</c> of the worker at a place.</param>
    /// <param name="environment">Of all processes.</param>
    /// <param name="started">How many workers are started; null: all.</param>
    public static async Task<RecoveryGrid> StartAsync(
        int places, int slots, Func<int, JsonObject> settings, IReadOnlyDictionary<string, string>? environment = null, int? started = null)
    {
        var grid = new RecoveryGrid(await RedisServer.StartAsync(RedisServerSettings.Durable), places, slots, settings, environment);
        try
        {
            // The gateway is a client: it needs a silo first.
            for (var place = 0; place < (started ?? places); place++)
                await grid.StartWorkerAsync(place);
            grid.Gateway = await GridProcess.UpAsync(grid.Arguments("gateway", 0) with { Config = null });
            return grid;
        }
        catch
        {
            await grid.DisposeAsync();
            throw;
        }
    }

    public GridProcess Worker(int place) => _workers[place] ?? throw new InvalidOperationException($"No worker runs at place {place}.");

    public async Task StartWorkerAsync(int place) =>
        _workers[place] = await GridProcess.UpAsync(Arguments("grid,worker", place));

    /// <summary>kill -9.</summary>
    public async Task KillWorkerAsync(int place)
    {
        await Worker(place).KillAsync();
        await ForgetAsync(place);
    }

    /// <summary>Starts a worker at each place that has none running, also where the process ended by itself.</summary>
    public async Task StartMissingAsync()
    {
        for (var place = 0; place < _workers.Length; place++)
        {
            if (_workers[place] is { HasExited: true })
                await ForgetAsync(place);
            if (_workers[place] is null)
                await StartWorkerAsync(place);
        }
    }

    public async Task<IReadOnlyList<string>> SubmitAsync(int count, object payload, string service = OutsideSettings.Service, Func<JobSubmission, JobSubmission>? with = null) =>
        await SubmitAsync([.. Enumerable.Range(0, count).Select(_ =>
        {
            var job = new JobSubmission { ServiceRequired = service, Payload = JsonSerializer.SerializeToNode(payload) };
            return with?.Invoke(job) ?? job;
        })]);

    public async Task<IReadOnlyList<string>> SubmitAsync(IReadOnlyList<JobSubmission> jobs)
    {
        var results = await Client.SubmitBatchAsync(jobs);
        return results.FirstOrDefault(r => !r.Success) is { } refused
            ? throw new InvalidOperationException($"A job was refused: {refused.ErrorMessage}")
            : [.. results.Select(r => r.JobId!)];
    }

    /// <summary>The place of the worker that has the job; -1: none.</summary>
    public async Task<int> PlaceOfAsync(string jobId)
    {
        var worker = (await Client.GetJobAsync(jobId)).WorkerId;
        return Array.FindIndex(_workers, w => w is not null && worker?.EndsWith($"-{w.Id}", StringComparison.Ordinal) == true);
    }

    /// <summary>Waits until all jobs are final, and tells their stories.</summary>
    public async Task<IReadOnlyList<JobStory>> FinalAsync(string phase, IReadOnlyList<string> ids, TimeSpan limit, params TestServiceProcess[] services)
    {
        try
        {
            await Eventually.GetAsync($"{phase}: {ids.Count} jobs are final", limit, async () =>
            {
                foreach (var id in ids)
                {
                    Job job;
                    try
                    {
                        job = await Client.GetJobAsync(id);
                    }
                    catch (JobGridException e) when (e.Status == 503)
                    {
                        return ((object?)null, e.Message);
                    }

                    if (!job.IsFinal)
                        return ((object?)null, $"{id} is {job.Status} {job.HeldReason}");
                }

                return (ids, "");
            });
        }
        catch (JobGridException e) when (e.Status != 503)
        {
            throw new InvalidOperationException($"{phase}: {e.Message}\n{Gateway.Log[^Math.Min(Gateway.Log.Length, 6_000)..]}", e);
        }
        catch (TimeoutException e)
        {
            var open = (await StoriesAsync(ids, services)).Where(s => !s.Job.IsFinal).ToList();
            throw new TimeoutException($"{e.Message}\n{open.Count} open:\n{string.Concat(open.Take(5))}\n{Logs()}");
        }

        return await StoriesAsync(ids, services);
    }

    public async Task<IReadOnlyList<JobStory>> StoriesAsync(IReadOnlyList<string> ids, params TestServiceProcess[] services)
    {
        var seen = services.SelectMany(s => s.Read()).ToLookup(e => e.JobId);
        var stories = new List<JobStory>();
        foreach (var chunk in ids.Chunk(32))
        {
            stories.AddRange(await Task.WhenAll(chunk.Select(async id =>
                new JobStory(await Client.GetJobAsync(id), await Client.GetEventsAsync(id), [.. seen[id]]))));
        }

        return stories;
    }

    /// <summary>The last lines of each process.</summary>
    public string Logs() => string.Join("\n----\n", _deadLogs.TakeLast(2).Concat(_workers.Select(w => w?.Log ?? "(none)")).Select(l => l.Length > 10_000 ? l[^10_000..] : l));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _workers.Append(Gateway))
        {
            if (process is not null)
                await process.DisposeAsync();
        }

        await _redis.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ForgetAsync(int place)
    {
        _deadLogs.Add(Worker(place).Log);
        await Worker(place).DisposeAsync();
        _workers[place] = null;
    }

    private GridArguments Arguments(string roles, int place)
    {
        var config = Path.Combine(_folder, $"worker-{place}.json");
        File.WriteAllText(config, new JsonObject { ["JobGrid"] = _settings(place) }.ToJsonString());
        var environment = new Dictionary<string, string>(_environment) { ["JOBGRID_WORKER__NODE"] = $"machine-{place}" };
        return new(Path.Combine(_folder, "data")) { Redis = _redis.Endpoint, Roles = roles, Slots = _slots, Config = config, Environment = environment };
    }
}
