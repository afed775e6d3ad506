using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobGrid.Connectors;
using OrleansJobGrid.Contracts.Workers;
using OrleansJobGrid.Workers.Breakers;
using OrleansJobGrid.Workers.Planning;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>One worker: offers the services of its connectors, one session after another.</summary>
internal sealed class WorkerAgent
{
    private readonly PlannedWorker _worker;
    private readonly WorkerParts _parts;
    private readonly Dictionary<string, IConnector> _offered;
    private readonly InstanceBreakers _breakers;
    private readonly AttemptRunner _runner;
    private readonly AttemptPulse _pulse;
    private readonly WorkerInventory _inventory;

    /// <summary>Makes it.</summary>
    /// <param name="worker">What it is to be.</param>
    /// <param name="started">The connectors of the process that can work; it takes its share of each.</param>
    /// <param name="parts">What it shares with others.</param>
    public WorkerAgent(PlannedWorker worker, IEnumerable<IConnector> started, WorkerParts parts)
    {
        (_worker, _parts) = (worker, parts);
        _offered = started.Select(worker.ShareOf).OfType<IConnector>().ToDictionary(c => c.Service, StringComparer.Ordinal);
        _inventory = new(worker.Capabilities, _offered.Values, parts.Proofs);
        _breakers = new(Options.Create(worker.Options), parts.Time, parts.Logs.CreateLogger<InstanceBreakers>(), parts.Proofs, worker.Id);
        _runner = new(parts.Grains, parts.Artefacts, _breakers, parts.Failures, parts.Time, parts.Logs.CreateLogger<AttemptRunner>(), parts.Gpus, parts.Limits);
        _pulse = new(parts.Grains, _runner, parts.Pulse, parts.Time, parts.Logs.CreateLogger<AttemptPulse>());
    }

    public string Id => _worker.Id;

    /// <summary>False: none of its services can be used.</summary>
    public bool HasOffer => _offered.Count > 0;

    /// <summary>Works until <paramref name="leave"/>, and the drain that follows it.</summary>
    public async Task Run(CancellationToken leave)
    {
        var profile = Profile();
        while (!leave.IsCancellationRequested)
        {
            using var session = new WorkerSession(Guid.NewGuid().ToString("N"), _worker, _offered, _runner, _pulse, _breakers, profile, _inventory, _parts);
            await session.Run(leave);
        }
    }

    private WorkerProfile Profile() => new()
    {
        Node = _worker.Options.Node,
        Process = _parts.Process.Identity,
        Services = [.. _offered.Keys],
        Queues = [.. _worker.Options.Queues],
        Slots = _worker.Slots,
        StartedAt = _parts.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        Version = _parts.Process.Version,
        LingerMs = _offered.Values.Any(c => c.Location == WorkLocation.Child) ? (long)_worker.Options.Linger.TotalMilliseconds : 0,
        DeclaredServices = [.. _offered.Where(c => c.Value.Location != WorkLocation.InProcess).Select(c => c.Key)],
        Instances =
        [
            .. _offered.Values.OfType<IExternalConnector>().SelectMany(c => c.Instances, (c, i) => new InstanceProfile(i.Id, c.Service, i.OnThisMachine)),
        ],
        Capabilities = _worker.Capabilities.Text,
        Connectors = [.. _offered.Keys.Select(s => _parts.Origins?.ByService.GetValueOrDefault(s)).OfType<ConnectorProfile>()],
    };
}
