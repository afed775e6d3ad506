using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobGrid.Contracts.Matching;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Matching;

/// <summary>The worker's side of a match, prepared once: what it offers and can do. Workers that can do the same share one key.</summary>
public sealed class WorkerMatch
{
    private const string Strict = "strict";

    private readonly bool _strict;
    private readonly HashSet<string> _services;
    private readonly Dictionary<string, List<string>> _instances;
    private readonly HashSet<string>? _allowed;
    private readonly HashSet<string> _denied;
    private readonly int _mostCustomers;
    private readonly ConcurrentDictionary<string, JsonObject> _facts = new(StringComparer.Ordinal);

    /// <param name="capabilities">What it can do.</param>
    /// <param name="services">The services that it offers now.</param>
    /// <param name="instances">Instances of services outside that it can use now, each <c>service/name</c>.</param>
    /// <param name="workerId">Its id, which a job may exclude.</param>
    public WorkerMatch(WorkerCapabilities capabilities, IEnumerable<string> services, IEnumerable<string>? instances = null, string workerId = "")
    {
        Capabilities = capabilities;
        _services = new(services, StringComparer.Ordinal);
        WorkerId = workerId;
        Worker = Exclusion.WorkerPrefix + workerId;
        _instances = (instances ?? []).GroupBy(ServiceOf, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(i => Exclusion.InstancePrefix + i).ToList(), StringComparer.Ordinal);
        Key = string.Join('\n', _services.Concat(_instances.Values.SelectMany(i => i)).Order(StringComparer.Ordinal).Append(capabilities.Text));
        var access = capabilities.CustomerAccess;
        _allowed = access?.AllowedCustomers is { } allowed ? new(allowed, StringComparer.Ordinal) : null;
        _denied = new(access?.DeniedCustomers ?? [], StringComparer.Ordinal);
        _strict = access?.Isolation == Strict;
        _mostCustomers = _strict ? 1 : access?.MaxConcurrentCustomers ?? int.MaxValue;
        CustomerRules = _allowed is not null || _denied.Count > 0 || _mostCustomers < int.MaxValue;
    }

    public WorkerCapabilities Capabilities { get; }

    public string WorkerId { get; }

    /// <summary>Services, instances and capabilities: not the worker's name.</summary>
    public string Key { get; }

    /// <summary>The target by which a job excludes this worker.</summary>
    public string Worker { get; }

    /// <summary>Whether it matters whose job it is.</summary>
    public bool CustomerRules { get; }

    /// <summary>What positive and negative requirements of a job of this service are compared with.</summary>
    public JsonObject Facts(string service) => _facts.GetOrAdd(service, Describe);

    public bool Offers(string service) => _services.Contains(service);

    public bool HasLabel(string label) => Capabilities.Labels?.Contains(label, StringComparer.OrdinalIgnoreCase) == true;

    /// <summary>Whether it has an instance left for a service whose instances are excluded, or needs none.</summary>
    public bool HasInstanceBeside(string service, IReadOnlyList<string> excluded) =>
        excluded.Count == 0 || !_instances.TryGetValue(service, out var instances) || instances.Exists(i => !excluded.Contains(i));

    /// <summary>Whether it may take a job of this customer while it holds jobs of those.</summary>
    public bool AllowsCustomer(string customer, IReadOnlyList<string> held) =>
        !_denied.Contains(customer) && _allowed?.Contains(customer) != false
        && (_strict ? held.All(h => h == customer) : _mostCustomers == int.MaxValue || held.Contains(customer) || held.Count < _mostCustomers);

    /// <summary>Whether it would ever take a job of this customer.</summary>
    public bool EverAllows(string customer) => AllowsCustomer(customer, []);

    private JsonObject Describe(string service)
    {
        var facts = JsonSerializer.Deserialize<JsonObject>(Capabilities.Text)!;
        // Whose jobs it takes, and what it asks of jobs, is no submitter's business.
        foreach (var name in (string[])["attributes", "customer_access", "requires"])
            facts.Remove(name);
        facts["services"] = ListOf(_services);
        facts["models"] = ListOf([.. Capabilities.Models?.GetValueOrDefault(service) ?? [], .. Capabilities.Models?.GetValueOrDefault("*") ?? []]);
        // Under the names that jobs ask by as well.
        facts["compliance"] = facts["compliance_zones"]?.DeepClone();
        facts["quality_level"] = facts["quality_levels"]?.DeepClone();
        if (Capabilities.Hardware?.GpuMemoryMb is { } memory && facts["hardware"] is JsonObject hardware)
            hardware["gpu_memory_gb"] = Math.Round(memory * 1048576.0 / 1e9, 1);
        foreach (var (name, value) in Capabilities.Attributes ?? new Dictionary<string, JsonElement>())
            facts.TryAdd(name, JsonNode.Parse(value.GetRawText()));
        return facts;
    }

    private static JsonArray ListOf(IEnumerable<string> names) => new([.. names.Select(n => JsonValue.Create(n))]);

    private static string ServiceOf(string instance) => instance.IndexOf('/', StringComparison.Ordinal) is var end && end < 0 ? instance : instance[..end];
}
