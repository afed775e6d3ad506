using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Breakers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>
/// What a worker offers at a moment: all its services, but of those outside only what has an instance that may be used, and of its own only what
/// its machine does not fail again and again; nothing while its GPU is gone.
/// </summary>
internal sealed class WorkerOffer
{
    private readonly IReadOnlyList<IConnector> _connectors;
    private readonly InstanceBreakers _breakers;
    private readonly WorkerFacts? _facts;
    private readonly IReadOnlyList<string>? _always;

    /// <param name="connectors">Its services.</param>
    /// <param name="breakers">Which instances may be used.</param>
    /// <param name="facts">What is true of its GPU; null: a CPU worker.</param>
    public WorkerOffer(IEnumerable<IConnector> connectors, InstanceBreakers breakers, WorkerFacts? facts = null)
    {
        (_connectors, _breakers, _facts) = ([.. connectors], breakers, facts);
        // Without services outside and a GPU it hardly ever changes, and every claim asks for it.
        _always = facts is not null || _connectors.Any(c => c is IExternalConnector) ? null : [.. _connectors.Select(c => c.Service)];
    }

    public (IReadOnlyList<string> Services, IReadOnlyList<string> Instances) Now
    {
        get
        {
            if (_always is not null && !_breakers.AnyOwn)
                return (_always, []);
            if (_facts?.Outage is not null)
                return ([], []);
            var services = new List<string>(_connectors.Count);
            List<string>? instances = null;
            foreach (var connector in _connectors)
            {
                if (connector is IExternalConnector external)
                {
                    var usable = external.Instances.Select(i => i.Id).Where(_breakers.LetsThrough).ToList();
                    if (usable.Count == 0)
                        continue;
                    (instances ??= []).AddRange(usable);
                }
                else if (!_breakers.LetsOwnThrough(connector.Service))
                {
                    continue;
                }

                services.Add(connector.Service);
            }

            return (services, instances ?? (IReadOnlyList<string>)[]);
        }
    }
}
