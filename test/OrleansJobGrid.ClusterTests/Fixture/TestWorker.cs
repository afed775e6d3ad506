using Microsoft.Extensions.Logging;
using Orleans;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Hosting;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A real worker that speaks to the cluster through the test's client.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    // A call of a client that got lost with a killed silo ends after Orleans' 30 s for an answer, and a worker leaves when its calls have ended.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(45);

    private readonly CancellationTokenSource _leave = new();
    private readonly WorkerOptions _options;
    private readonly PlannedWorker _plan;
    private readonly IReadOnlyList<IConnector> _connectors;
    private readonly WorkerParts _parts;
    private Task _life = Task.CompletedTask;

    public TestWorker(IGrainFactory grains, IArtefactStore artefacts, WorkerOptions options, IReadOnlyList<IConnector> connectors, ILoggerFactory logs,
        TestGpu? gpu = null)
    {
        (_options, _connectors) = (options, connectors);
        var plan = WorkerPlan.Of([new("JobGrid:Worker", null, options)], gpu?.Reading ?? new(null, [], "this worker looks for none"), new(1, null, null), connectors);
        _plan = plan.Errors.Count == 0 ? plan.Workers.Single() : throw new ArgumentException(string.Join(" ", plan.Errors), nameof(options));
        // No identity: nobody can tell this process dead, so only leases speak.
        _parts = new(grains, new RemoteLink(grains), artefacts, new("", "test"), new(FailureClassifier.Default), gpu?.Monitor, TimeProvider.System, logs);
    }

    public string Id => _plan.Id;

    public async Task StartAsync()
    {
        var started = await StartedConnectors.Of(_connectors, _parts.Logs.CreateLogger<TestWorker>(), CancellationToken.None);
        var agent = new WorkerAgent(_plan, started, _parts);
        _life = Task.Run(() => agent.Run(_leave.Token));
    }

    /// <summary>Asks it to leave; ends when it has left.</summary>
    public async Task StopAsync(TimeSpan drainBudget)
    {
        _options.DrainBudget = drainBudget;
        await _leave.CancelAsync();
        await _life;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).Within($"worker {Id} leaves", StopLimit);
        _leave.Dispose();
    }
}
