using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>What a worker can do; workers that can do the same share one key, and differ by name only.</summary>
public sealed class ServiceProfile
{
    private readonly HashSet<string> _services;
    private readonly Dictionary<string, List<string>> _instances;

    /// <param name="services">The services that it does.</param>
    /// <param name="workerId">Its id, which a job may exclude.</param>
    /// <param name="instances">Instances of services outside that it can use now, each <c>service/name</c>.</param>
    public ServiceProfile(IEnumerable<string> services, string workerId = "", IEnumerable<string>? instances = null)
    {
        _services = new(services, StringComparer.Ordinal);
        Worker = Exclusion.WorkerPrefix + workerId;
        _instances = (instances ?? []).GroupBy(ServiceOf, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(i => Exclusion.InstancePrefix + i).ToList(), StringComparer.Ordinal);
        Key = string.Join('\n', _services.Concat(_instances.Values.SelectMany(i => i)).Order(StringComparer.Ordinal));
    }

    /// <summary>Services and instances: not the worker's name.</summary>
    public string Key { get; }

    /// <summary>The target by which a job excludes this worker.</summary>
    public string Worker { get; }

    /// <summary>Whether workers of this key can do a job of this requirement: one of their instances must be left where any is excluded.</summary>
    public bool Serves(Signature signature)
    {
        if (!_services.Contains(signature.Service))
            return false;
        var excluded = signature.Excluded;
        return excluded.Count == 0 || !_instances.TryGetValue(signature.Service, out var instances) || instances.Exists(i => !excluded.Contains(i));
    }

    private static string ServiceOf(string instance) => instance.IndexOf('/', StringComparison.Ordinal) is var end && end < 0 ? instance : instance[..end];
}
