namespace OrleansJobGrid.Grains.Queues;

/// <summary>How a queue chooses, beside what workers can do.</summary>
public sealed record QueuePolicy
{
    /// <summary>Strict order, everybody alike.</summary>
    public static QueuePolicy Strict { get; } = new();

    /// <summary>Milliseconds of waiting that are worth a point of priority; 0: no ageing.</summary>
    public long AgeingStepMs { get; init; }

    /// <summary>Whether a job may be passed over within its level for one whose model is loaded, or that fits the memory better.</summary>
    public bool Affinity { get; init; }

    /// <summary>How often the job that would be next may be passed over, 1 to 1000.</summary>
    public int MaxBypasses { get; init; } = 24;

    /// <summary>For how long it may, from the first time, ms.</summary>
    public long MaxBypassMs { get; init; } = 60_000;

    /// <summary>Whether customers share within a level by their weights.</summary>
    public bool Fair { get; init; }

    /// <summary>Terms of a customer by its id.</summary>
    public IReadOnlyDictionary<string, CustomerTerms> Customers { get; init; } = new Dictionary<string, CustomerTerms>();

    /// <summary>Terms of customers that have none of their own.</summary>
    public CustomerTerms EveryCustomer { get; init; } = CustomerTerms.Default;

    /// <summary>Labels that a worker must have to be served.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>Whether customers must be told apart.</summary>
    internal bool TellsCustomersApart => Fair || EveryCustomer.Limits || Customers.Values.Any(c => c.Limits);

    public CustomerTerms TermsOf(string customer) => Customers.GetValueOrDefault(customer, EveryCustomer);
}

/// <summary>What a customer may have of a queue.</summary>
/// <param name="Weight">Its share beside the others', above 0.</param>
/// <param name="MaxInFlight">Jobs at the same time; null: no limit.</param>
/// <param name="MaxQueued">Jobs that may wait; a submission beyond is refused. Null: no limit.</param>
/// <param name="GpuSecondsPerDay">Seconds of work a day, UTC; null: no limit.</param>
/// <param name="Tier">A word for the priority policy.</param>
public sealed record CustomerTerms(
    double Weight = 1, int? MaxInFlight = null, long? MaxQueued = null, double? GpuSecondsPerDay = null, string? Tier = null)
{
    public static CustomerTerms Default { get; } = new();

    internal bool Limits => MaxInFlight is not null || GpuSecondsPerDay is not null;
}
