namespace OrleansJobGrid.Connectors.A1111;

/// <summary>AUTOMATIC1111 or Forge servers of the worker (<c>JobGrid:A1111</c>); see <c>docs/a1111.md</c>. Without instances the service is not offered.</summary>
public sealed class A1111Options
{
    /// <summary>
    /// Base addresses (<c>http</c> or <c>https</c>) by the instance's name, 1 to 64 of <c>A-Za-z0-9._-</c>. In the grid an instance is
    /// <c>a1111/name</c>, which has to mean the same one on every worker. Default none.
    /// </summary>
    public IDictionary<string, string> Instances { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Names of the instances that live on the worker's machine, and are gone with it. Default none.</summary>
    public IList<string> OnThisMachine { get; } = [];

    /// <summary>Headers by instance and name, such as <c>a:Authorization</c> for <c>--api-auth</c>. Values are in no log, event or error. Default none.</summary>
    public IDictionary<string, IDictionary<string, string>> Headers { get; } = new Dictionary<string, IDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>
    /// Whether nobody but one slot of one worker uses the instances: then what runs there is the attempt's own, also where the server does not tell
    /// whose it is. Default false: without <c>/internal/progress</c> there is no progress, and nothing is interrupted.
    /// </summary>
    public bool Exclusive { get; set; }

    /// <summary>Whether the server keeps the pictures on its own disk too. Default false.</summary>
    public bool SaveImages { get; set; }

    /// <summary>Whether the model that was loaded before a job with a <c>model</c> is loaded again after it. Default false.</summary>
    public bool RestoreModel { get; set; }

    /// <summary>Between two questions for a running job's progress. Default 1 s; 10 ms to 1 min.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait for the answer to a question. Default 30 s; 100 ms to 5 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest until a post has left. Default 10 s; 100 ms to 5 min. Half of the worker's lease cuts it short.</summary>
    public TimeSpan SubmitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest attempt where the job names none. Default 30 min; 1 s to 30 days.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The longest time without progress where the job names none; from 1 s. Default none.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>How long questions about work of another worker may fail before the rest is left to the grid. Default 30 s; 0 to 10 min.</summary>
    public TimeSpan Outage { get; set; } = TimeSpan.FromSeconds(30);
}
