using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Gpu;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>The workers of this process: says what was found, reads the GPUs, runs each worker, and drains them side by side.</summary>
internal sealed class NodeAgent(
    IGrainFactory grains, IWorkerLink link, IEnumerable<IConnector> connectors, FailureReporting failures, IArtefactStore artefacts, WorkerProcess process,
    WorkerPlanner planner, GpuMonitor gpus, ArtefactOptions limits, TimeProvider time, ILoggerFactory logs, ConnectorOrigins? origins = null) : BackgroundService
{
    private readonly ILogger _logger = logs.CreateLogger<NodeAgent>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = planner.Plan.Workers;
        Say(planner.Found);
        foreach (var origin in origins?.ByService.Values ?? [])
            _logger.OwnConnector(origin.Service, origin.Assembly, origin.Version);
        var started = await StartedConnectors.Of(connectors, _logger, stoppingToken);
        var proofs = new InstanceProofs(started, time, logs.CreateLogger<InstanceProofs>());
        var parts = new WorkerParts(grains, link, artefacts, process, failures, gpus, time, logs, limits, proofs, origins);
        var agents = workers.Select(w => new WorkerAgent(w, started, parts)).ToList();
        foreach (var idle in agents.Where(a => !a.HasOffer))
            _logger.NothingToOffer(idle.Id);
        agents.RemoveAll(a => !a.HasOffer);
        if (agents.Count == 0)
            throw new InvalidOperationException("No connector of this process can work, so its workers have nothing to offer. The log names each one's reason.");
        await RunAll(agents, proofs, workers.Any(w => w.Gpu is not null), stoppingToken);
    }

    private async Task RunAll(List<WorkerAgent> agents, InstanceProofs proofs, bool hasGpus, CancellationToken leave)
    {
        // One that breaks ends the process, and the others leave properly before.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(leave);
        // The readings go on until the last job has ended.
        using var over = new CancellationTokenSource();
        if (hasGpus)
            gpus.Begin(planner.Found);
        var watching = Task.WhenAll(hasGpus ? gpus.Run(over.Token) : Task.CompletedTask, proofs.Run(over.Token));
        try
        {
            await Task.WhenAll(agents.Select(a => RunOne(a, end)));
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private static async Task RunOne(WorkerAgent agent, CancellationTokenSource end)
    {
        try
        {
            await Task.Run(() => agent.Run(end.Token), CancellationToken.None);
        }
        catch (Exception)
        {
            await end.CancelAsync();
            throw;
        }
    }

    private void Say(GpuProbeResult found)
    {
        if (found.Gpus.Count == 0)
            _logger.NoGpu(found.Absence ?? "none was found");
        foreach (var fault in found.Faults)
            _logger.GpuNotRead(fault.Message);
        foreach (var gpu in found.Gpus)
            _logger.GpuFound(gpu.Index, gpu.Name, gpu.MemoryTotalMb, found.DriverVersion ?? "unknown", gpu.Uuid);
    }
}
