using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Concurrency;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Hosting;
using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Contracts.Queues;
using OrleansJobGrid.Contracts.Sagas;
using OrleansJobGrid.Gateway.Jobs;
using OrleansJobGrid.Grains.Hosting;
using OrleansJobGrid.Grains.Queues;
using OrleansJobGrid.Storage;
using OrleansJobGrid.Workers.Hosting;
using static OrleansJobGrid.ClusterTests.Fixture.Eventually;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>Silos of one cluster in this process over a shared store, with workers on its client.</summary>
internal sealed class GridCluster : IAsyncDisposable
{
    private readonly bool _ownsStore;
    private readonly List<TestWorker> _workers = [];
    private readonly ILoggerFactory _logFactory;

    private GridCluster(InProcessTestCluster silos, GridStore store, bool ownsStore, CallFilter calls, LogSink log)
    {
        Silos = silos;
        Store = store;
        _ownsStore = ownsStore;
        Calls = calls;
        Log = log;
        _logFactory = new LoggerFactory([log]);
    }

    public InProcessTestCluster Silos { get; }

    public GridStore Store { get; }

    /// <summary>Stands before every call of the client and its workers.</summary>
    public CallFilter Calls { get; }

    public LogSink Log { get; }

    public IClusterClient Client => Silos.Client;

    public IJobIngressGrain Ingress => Client.GetGrain<IJobIngressGrain>(0);

    public IJobQueryGrain Query => Client.GetGrain<IJobQueryGrain>(0);

    public static async Task<GridCluster> StartAsync(
        short silos = 1, GridStore? store = null, Action<JobGridOptions>? options = null, Func<int, string[]>? gpus = null)
    {
        var own = store ?? await GridStore.OpenAsync();
        var calls = new CallFilter();
        var log = new LogSink();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureHost(host => host.Logging.AddProvider(log));
        var made = -1;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IJobStore>(own.Faulty);
            silo.Services.AddSingleton(own.Artefacts);
            silo.Services.AddSingleton<IJobBodyReader, JobBodyReader>();
            silo.AddJobGrid(gpus?.Invoke(Interlocked.Increment(ref made)) ?? []);
            silo.UseInMemoryReminderService();
            if (options is not null)
                silo.Services.Configure(options);
        });
        builder.ConfigureClient(client =>
        {
            client.Services.AddGridFaults();
            client.AddOutgoingGrainCallFilter(calls.Invoke);
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, own, store is null, calls, log);
    }

    public IJobGrain Job(string id) => Client.GetGrain<IJobGrain>(id);

    public ISagaGrain Saga(string id) => Client.GetGrain<ISagaGrain>(id);

    public IPriorityQueueGrain Queue(string name = JobSubmissionLimits.DefaultQueue) => Client.GetGrain<IPriorityQueueGrain>(name);

    /// <summary>A service of the first silo.</summary>
    public T SiloService<T>() where T : notnull => Silos.Silos[0].ServiceProvider.GetRequiredService<T>();

    /// <summary>Every hint of every silo goes through this.</summary>
    public void FilterHints(Func<string, ReadyHint, bool>? filter)
    {
        foreach (var silo in Silos.Silos)
            silo.ServiceProvider.GetRequiredService<HintSender>().Filter = filter;
    }

    public async Task<IReadOnlyList<SubmitResult>> SubmitAsync(params IReadOnlyList<JobSubmission> jobs) =>
        await Ingress.Submit(new Immutable<IReadOnlyList<JobSubmission>>(jobs));

    public Task<TestWorker> StartWorkerAsync(string id, params IReadOnlyList<IConnector> connectors) => StartWorkerAsync(id, 1, connectors);

    public Task<TestWorker> StartWorkerAsync(string id, int slots, params IReadOnlyList<IConnector> connectors) => StartWorkerAsync(id, Client, slots, connectors);

    /// <summary>Starts a worker that speaks through the client or a silo, and waits until the grid knows it.</summary>
    public Task<TestWorker> StartWorkerAsync(string id, IGrainFactory via, int slots, params IReadOnlyList<IConnector> connectors) =>
        StartWorkerAsync(new WorkerOptions { Id = id, Slots = slots }, via, connectors);

    /// <summary>Starts a worker with settings of its own.</summary>
    public Task<TestWorker> StartWorkerAsync(WorkerOptions options, params IReadOnlyList<IConnector> connectors) => StartWorkerAsync(options, Client, connectors);

    /// <summary>Starts a worker of a GPU.</summary>
    public Task<TestWorker> StartWorkerAsync(string id, TestGpu gpu, params IReadOnlyList<IConnector> connectors) =>
        StartWorkerAsync(new WorkerOptions { Id = id, Slots = 1 }, Client, connectors, gpu);

    private async Task<TestWorker> StartWorkerAsync(WorkerOptions options, IGrainFactory via, IReadOnlyList<IConnector> connectors, TestGpu? gpu = null)
    {
        var worker = new TestWorker(via, Store.Artefacts, options, connectors, _logFactory, gpu);
        _workers.Add(worker);
        await worker.StartAsync();
        await EventuallyAsync($"worker {options.Id} has a session", async () => await SessionOfAsync(options.Id!) is not null);
        return worker;
    }

    /// <summary>The silo where a grain is active; null: nowhere.</summary>
    public async Task<SiloAddress?> HomeOfAsync(IAddressable grain) => await Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);

    /// <summary>The live session of a worker, or null.</summary>
    public async Task<SessionRecord?> SessionOfAsync(string workerId) =>
        (await Store.Inner.ReadSessionsAsync(CancellationToken.None)).Sessions.FirstOrDefault(s => s.WorkerId == workerId && !s.Ended);

    public Task WaitingAsync(int claims, string queue = JobSubmissionLimits.DefaultQueue) =>
        EventuallyAsync($"{claims} claims wait at queue {queue}", async () => (await Queue(queue).Describe()).WaitingWorkers >= claims, Explain);

    /// <summary>Waits until the store says so.</summary>
    public Task StatusAsync(string jobId, JobStatus status, string phase, TimeSpan? within = null) =>
        EventuallyAsync(
            $"{phase}: job {jobId} is {status.Name()}",
            async () => (await Store.ReadAsync(jobId))?.Status == status,
            async () => $"It is {(await Store.ReadAsync(jobId))?.Status.Name()}: {string.Join(", ", await Store.EventsAsync(jobId))}.\n{Log.Tail()}",
            within);

    /// <summary>Waits until the store counts so many completions.</summary>
    public Task CompletedAsync(int jobs, string phase, TimeSpan? within = null) =>
        EventuallyAsync($"{phase}: {jobs} jobs are completed", async () => await CompletedAsync() >= jobs, Explain, within);

    public async Task<long> CompletedAsync() => (await Store.Inner.ReadCountersAsync(CancellationToken.None)).GetValueOrDefault("completed");

    public async ValueTask DisposeAsync()
    {
        Calls.Mend();
        Store.Faulty.Disarm();
        await Task.WhenAll(_workers.Select(w => w.DisposeAsync().AsTask()));
        await Silos.DisposeAsync();
        _logFactory.Dispose();
        if (_ownsStore)
            await Store.DisposeAsync();
    }

    private async Task<string> Explain()
    {
        var states = (await Store.ReadAllAsync()).GroupBy(j => j.Value.Status).Select(g => $"{g.Count()} {g.Key.Name()}");
        return $"There are {string.Join(", ", states)}.\n{Log.Tail()}";
    }
}
