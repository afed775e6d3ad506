using Microsoft.Extensions.Options;
using OrleansJobGrid.Grains.Hosting;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>The policies of all queues, read from the configuration.</summary>
public sealed class QueuePolicies(IOptions<JobGridOptions> options)
{
    /// <summary>The name that stands for every queue or customer without settings of its own.</summary>
    public const string Every = "*";

    private readonly Dictionary<string, CustomerTerms> _customers =
        options.Value.Customers.Where(c => c.Key != Every).ToDictionary(c => c.Key, c => TermsOf(c.Value), StringComparer.Ordinal);

    private readonly CustomerTerms _everyCustomer =
        options.Value.Customers.TryGetValue(Every, out var every) ? TermsOf(every) : CustomerTerms.Default;

    /// <summary>The policy of a queue.</summary>
    public QueuePolicy Of(string queue)
    {
        var own = OptionsOf(queue);
        return new()
        {
            AgeingStepMs = (long)(own.AgeingStep?.TotalMilliseconds ?? 0),
            Affinity = own.Affinity,
            MaxBypasses = own.MaxBypasses,
            MaxBypassMs = (long)own.MaxBypassAge.TotalMilliseconds,
            Fair = own.Fair,
            Labels = [.. own.Labels],
            Customers = _customers,
            EveryCustomer = _everyCustomer,
        };
    }

    /// <summary>Labels that a queue asks of workers.</summary>
    public IReadOnlyList<string> LabelsOf(string queue) => [.. OptionsOf(queue).Labels];

    /// <summary>What a customer may have.</summary>
    public CustomerTerms TermsOf(string? customer) => customer is null ? CustomerTerms.Default : _customers.GetValueOrDefault(customer, _everyCustomer);

    private QueueOptions OptionsOf(string queue) => options.Value.Queues.GetValueOrDefault(queue) ?? options.Value.Queues.GetValueOrDefault(Every) ?? new();

    private static CustomerTerms TermsOf(CustomerOptions o) => new(o.Weight, o.MaxInFlight, o.MaxQueued, o.GpuSecondsPerDay, o.Tier);
}
