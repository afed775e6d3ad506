using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Artefacts;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Hosting;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>The worker of this process: offers the services of its connectors, one session after another.</summary>
internal sealed class WorkerAgent(
    IGrainFactory grains, IEnumerable<IConnector> connectors, AttemptRunner runner, AttemptPulse pulse, InstanceBreakers breakers,
    IArtefactStore artefacts, WorkerProcess process, IOptions<WorkerOptions> options, TimeProvider time, ILogger<WorkerAgent> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var offered = await Offer(stoppingToken);
        if (offered.Count == 0)
            throw new InvalidOperationException("No connector of this worker can work, so it has nothing to offer. The log names each one's reason.");
        var profile = new WorkerProfile
        {
            Node = options.Value.Node,
            Process = process.Identity,
            Services = [.. offered.Keys],
            Slots = options.Value.Slots,
            StartedAt = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Version = process.Version,
            LingerMs = offered.Values.Any(c => c.Location == WorkLocation.Child) ? (long)options.Value.Linger.TotalMilliseconds : 0,
            DeclaredServices = [.. offered.Where(c => c.Value.Location != WorkLocation.InProcess).Select(c => c.Key)],
            Instances =
            [
                .. offered.Values.OfType<IExternalConnector>().SelectMany(c => c.Instances, (c, i) => new InstanceProfile(i.Id, c.Service, i.OnThisMachine)),
            ],
        };
        while (!stoppingToken.IsCancellationRequested)
        {
            using var session = new WorkerSession(
                Guid.NewGuid().ToString("N"), grains, offered, runner, pulse, breakers, artefacts, options.Value, profile, time, logger);
            await session.Run(stoppingToken);
        }
    }

    private async Task<Dictionary<string, IConnector>> Offer(CancellationToken cancellationToken)
    {
        var offered = new Dictionary<string, IConnector>(StringComparer.Ordinal);
        foreach (var connector in connectors)
        {
            try
            {
                if (connector.Location == WorkLocation.External && connector is not IExternalConnector)
                    throw new InvalidOperationException($"{connector.GetType()} does its work outside, so it has to implement {nameof(IExternalConnector)}.");
                await connector.StartAsync(cancellationToken);
                offered.Add(connector.Service, connector);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.ConnectorNotOffered(connector.Service, e);
            }
        }

        return offered;
    }
}

/// <summary>What the worker says of its process.</summary>
/// <param name="Identity">Tells it from every other process that ever ran; see the grid's <c>ProcessIdentity</c>.</param>
/// <param name="Version">The program's version.</param>
public sealed record WorkerProcess(string Identity, string Version);
