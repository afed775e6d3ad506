namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Whose jobs a worker takes: <c>JobGrid:Worker:CustomerAccess</c>.</summary>
public sealed class CustomerAccessOptions
{
    /// <summary><c>strict</c>: one customer at a time; <c>loose</c>: several, kept apart; default: several.</summary>
    public string? Isolation { get; set; }

    /// <summary>Only these customers; empty: all.</summary>
    public IList<string> AllowedCustomers { get; } = [];

    /// <summary>Not these customers.</summary>
    public IList<string> DeniedCustomers { get; } = [];

    /// <summary>Most customers at the same time, 1 to 1,000; default: no limit, under <c>strict</c> 1.</summary>
    public int? MaxConcurrentCustomers { get; set; }
}
