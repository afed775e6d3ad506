namespace OrleansJobGrid.Connectors.Rest;

/// <summary>One service outside (<c>JobGrid:Rest:Services:NAME</c>).</summary>
public sealed class RestServiceOptions
{
    /// <summary>
    /// Base addresses (<c>http</c> or <c>https</c>) by the instance's name, 1 to 64 of <c>A-Za-z0-9._-</c>. In the grid an instance is
    /// <c>service/name</c>, which has to mean the same one on every worker. At least one.
    /// </summary>
    public IDictionary<string, string> Instances { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of the instances that live on the worker's machine, and are gone with it. Default none.</summary>
    public IList<string> OnThisMachine { get; } = [];

    /// <summary>Between two questions for a running job's state. Default 500 ms; 10 ms to 1 min.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait for the answer to a question. Default 5 s; 100 ms to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait for the answer to a post. Default 10 s; 100 ms to 5 min. Half of the worker's lease cuts it short.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest attempt where the job names none. Default 1 h; 1 s to 30 days.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The longest time without progress where the job names none; from 1 s. Default none.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>
    /// How long questions may fail before the attempt gives up watching and leaves the rest to the grid. Default 5 s; 0 to 10 min. Longer rides
    /// out longer outages, shorter frees the slot sooner.
    /// </summary>
    public TimeSpan Outage { get; set; } = TimeSpan.FromSeconds(5);
}
