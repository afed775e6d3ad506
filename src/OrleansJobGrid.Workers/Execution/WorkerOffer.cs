using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Breakers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What a worker offers at a moment: all its services, but of those outside only what has an instance that may be used.</summary>
internal sealed class WorkerOffer
{
    private readonly IReadOnlyList<IConnector> _connectors;
    private readonly InstanceBreakers _breakers;
    private readonly IReadOnlyList<string>? _always;

    public WorkerOffer(IEnumerable<IConnector> connectors, InstanceBreakers breakers)
    {
        (_connectors, _breakers) = ([.. connectors], breakers);
        // Without services outside it never changes, and every claim asks for it.
        _always = _connectors.Any(c => c is IExternalConnector) ? null : [.. _connectors.Select(c => c.Service)];
    }

    public (IReadOnlyList<string> Services, IReadOnlyList<string> Instances) Now
    {
        get
        {
            if (_always is not null)
                return (_always, []);
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

                services.Add(connector.Service);
            }

            return (services, instances ?? (IReadOnlyList<string>)[]);
        }
    }
}
