using OrleansJobGrid.Connectors;
using OrleansJobGrid.Workers.Breakers;

namespace OrleansJobGrid.Workers.Execution;

/// <summary>What a worker offers at a moment: all its services, but of those outside only what has an instance that may be used; nothing while its GPU is gone.</summary>
internal sealed class WorkerOffer
{
    private readonly IReadOnlyList<IConnector> _connectors;
    private readonly InstanceBreakers _breakers;
    private readonly Func<string?> _outage;
    private readonly IReadOnlyList<string>? _always;

    /// <param name="connectors">Its services.</param>
    /// <param name="breakers">Which instances may be used.</param>
    /// <param name="outage">Why no work can run now; null: it can.</param>
    public WorkerOffer(IEnumerable<IConnector> connectors, InstanceBreakers breakers, Func<string?> outage)
    {
        (_connectors, _breakers, _outage) = ([.. connectors], breakers, outage);
        // Without services outside it never changes, and every claim asks for it.
        _always = _connectors.Any(c => c is IExternalConnector) ? null : [.. _connectors.Select(c => c.Service)];
    }

    public (IReadOnlyList<string> Services, IReadOnlyList<string> Instances) Now
    {
        get
        {
            if (_outage() is not null)
                return ([], []);
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
