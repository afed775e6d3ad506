using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using OrleansJobGrid.Contracts.Matching;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>
/// Settings of a worker, section <c>JobGrid:Worker</c> of the configuration; <c>JobGrid:Workers:NAME</c> is one of several in the process,
/// with the same settings over those of <c>JobGrid:Worker</c>.
/// </summary>
public sealed class WorkerOptions
{
    /// <summary>
    /// The worker's id, 1 to 128 of <c>A-Za-z0-9._:-</c>, one for each running worker. Default: of a GPU worker <c>node:uuid of the GPU</c>,
    /// of a worker with a name <c>node-name</c>, else machine name and process id. Where it stands for several workers, each has its GPU's
    /// uuid or its name behind it.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,128}$", ErrorMessage = "JobGrid:Worker:Id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
    public string? Id { get; set; }

    /// <summary>
    /// The machine's name. Workers of one machine have the same: services on it count as lost when none of them lives any more.
    /// Default: the machine's own name.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,64}$", ErrorMessage = "JobGrid:Worker:Node must be 1 to 64 characters of A-Z a-z 0-9 . _ : -")]
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>Jobs at a time. Default: 1 on a GPU, else one for each processor.</summary>
    [Range(1, 1_000, ErrorMessage = "JobGrid:Worker:Slots must be 1 to 1000")]
    public int? Slots { get; set; }

    /// <summary>
    /// GPUs to work on: <c>auto</c> (default: all, a worker for each; without any, one CPU worker), <c>none</c>, or indexes and uuids, with
    /// commas between. A worker with a name has exactly one, or none.
    /// </summary>
    public string Gpus { get; set; } = GpuChoice.Auto;

    /// <summary>Services that it offers, by name; empty: all that this program has a connector for.</summary>
    public IList<string> Services { get; } = [];

    /// <summary>
    /// Instances of services outside that it uses, as <c>service/instance</c>; empty: all that no other worker of this process names.
    /// </summary>
    public IList<string> Instances { get; } = [];

    /// <summary>Models that it has, by service; <c>*</c> is every service, and <c>all</c> every model. Empty: it declares none.</summary>
    public IDictionary<string, string[]> Models { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>Custom nodes that it has, or <c>all</c>; empty: none.</summary>
    public IList<string> CustomNodes { get; } = [];

    /// <summary>Components that it has, or <c>all</c>; empty: all.</summary>
    public IList<string> Components { get; } = [];

    /// <summary>Workflows that it serves, or <c>all</c>; empty: all.</summary>
    public IList<string> Workflows { get; } = [];

    /// <summary>Free words that jobs may ask for.</summary>
    public IList<string> Labels { get; } = [];

    /// <summary>Runtime classes that it takes, of <c>fast</c>, <c>standard</c>, <c>heavy</c>; empty: all, and jobs without one.</summary>
    public IList<string> RuntimeClasses { get; } = [];

    /// <summary>Where it stands, such as <c>eu-west</c>.</summary>
    public string? Region { get; set; }

    /// <summary>The country that it stands in, such as <c>DE</c>.</summary>
    public string? Country { get; set; }

    /// <summary>Compliance zones that it is in, such as <c>gdpr</c>.</summary>
    public IList<string> ComplianceZones { get; } = [];

    /// <summary>Where data that it works on is guaranteed to stay.</summary>
    public IList<string> DataResidency { get; } = [];

    /// <summary>Levels of quality that it offers; empty: all.</summary>
    public IList<string> QualityLevels { get; } = [];

    /// <summary><c>economy</c>, <c>standard</c> or <c>premium</c>; default: <c>standard</c>.</summary>
    public string? CostTier { get; set; }

    /// <summary>Whose jobs it takes.</summary>
    public CustomerAccessOptions CustomerAccess { get; } = new();

    /// <summary>Its machine, where nothing measures it, or less of it than was measured.</summary>
    public HardwareOptions Hardware { get; } = new();

    /// <summary>Anything else that jobs may ask for by dotted name. The binder of options cannot make it: see <see cref="WorkerSettings"/>.</summary>
    internal IReadOnlyDictionary<string, JsonElement>? Attributes { get; set; }

    /// <summary>What it asks of jobs; as <see cref="Attributes"/>.</summary>
    internal WorkerRequires? Requires { get; set; }

    /// <summary>Queues that it serves, by name; empty: all.</summary>
    public IList<string> Queues { get; } = [];

    /// <summary>
    /// How long running jobs may go on when the worker is asked to leave; then they go back to the queue with their last checkpoint.
    /// Keep it below the orchestrator's grace. Default 25 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "JobGrid:Worker:DrainBudget must be 0 s to 1 day")]
    public TimeSpan DrainBudget { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// So many failures of attempts at one instance of a service outside (no answer, 5xx, timeouts, a full disk; not jobs that are wrong), within
    /// <see cref="BreakerWindow"/>, open its circuit breaker; so many failures of the worker's GPU or disk at a service that it does itself do so
    /// too. Default 5. Fewer spare attempts where an instance is down, more forgive a busy one.
    /// </summary>
    [Range(2, 1_000, ErrorMessage = "JobGrid:Worker:BreakerFailures must be 2 to 1000")]
    public int BreakerFailures { get; set; } = 5;

    /// <summary>How long a failure counts for the breaker. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "JobGrid:Worker:BreakerWindow must be 1 s to 1 day")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an open breaker keeps jobs away; then one attempt is let through. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "JobGrid:Worker:BreakerPause must be 1 s to 1 day")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long work may outlive the worker's process; set by the host from the connectors in use. Default 0.</summary>
    public TimeSpan Linger { get; set; }
}
