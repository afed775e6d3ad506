using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Connectors.Failures;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Execution;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.ClusterTests.Fixture;

/// <summary>A real worker that speaks to the cluster through the test's client.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly WorkerAgent _agent;
    private readonly WorkerOptions _options;

    public TestWorker(IGrainFactory grains, IArtefactStore artefacts, WorkerOptions options, IReadOnlyList<IConnector> connectors, ILoggerFactory logs)
    {
        _options = options;
        var breakers = new InstanceBreakers(Options.Create(options), TimeProvider.System, logs.CreateLogger<InstanceBreakers>());
        var runner = new AttemptRunner(
            grains, artefacts, breakers, new FailureReporting(FailureClassifier.Default), TimeProvider.System, logs.CreateLogger<AttemptRunner>());
        var pulse = new AttemptPulse(grains, runner, TimeProvider.System, logs.CreateLogger<AttemptPulse>());
        // No identity: nobody can tell this process dead, so only leases speak.
        _agent = new(
            grains, connectors, runner, pulse, breakers, artefacts, new WorkerProcess("", "test"), Options.Create(options), TimeProvider.System, logs.CreateLogger<WorkerAgent>());
    }

    public string Id => _options.Id;

    public Task StartAsync() => _agent.StartAsync(CancellationToken.None);

    /// <summary>Asks it to leave; ends when it has left.</summary>
    public Task StopAsync(TimeSpan drainBudget)
    {
        _options.DrainBudget = drainBudget;
        return _agent.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero).Within($"worker {Id} leaves", StopLimit);
        _agent.Dispose();
    }
}
