using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Settings of a worker, section <c>JobGrid:Worker</c> of the configuration.</summary>
public sealed class WorkerOptions
{
    /// <summary>The worker's id, 1 to 128 of <c>A-Za-z0-9._:-</c>, one for each running worker. Default: machine name and process id.</summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,128}$", ErrorMessage = "JobGrid:Worker:Id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
    public string Id { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>
    /// The machine's name. Workers of one machine have the same: services on it count as lost when none of them lives any more.
    /// Default: the machine's own name.
    /// </summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,64}$", ErrorMessage = "JobGrid:Worker:Node must be 1 to 64 characters of A-Z a-z 0-9 . _ : -")]
    public string Node { get; set; } = Environment.MachineName;

    /// <summary>Jobs at a time. Default: one for each processor.</summary>
    [Range(1, 1_000, ErrorMessage = "JobGrid:Worker:Slots must be 1 to 1000")]
    public int Slots { get; set; } = Environment.ProcessorCount;

    /// <summary>Queues that it serves, by name; empty: all.</summary>
    public IList<string> Queues { get; } = [];

    /// <summary>
    /// How long running jobs may go on when the worker is asked to leave; then they go back to the queue with their last checkpoint.
    /// Keep it below the orchestrator's grace. Default 25 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "JobGrid:Worker:DrainBudget must be 0 s to 1 day")]
    public TimeSpan DrainBudget { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>
    /// So many failures of attempts at one instance of a service outside (no answer, 5xx, timeouts; not jobs that are wrong), within
    /// <see cref="BreakerWindow"/>, open its circuit breaker. Default 5. Fewer spare attempts where an instance is down, more forgive a busy one.
    /// </summary>
    [Range(2, 1_000, ErrorMessage = "JobGrid:Worker:BreakerFailures must be 2 to 1000")]
    public int BreakerFailures { get; set; } = 5;

    /// <summary>How long a failure counts for the breaker. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "JobGrid:Worker:BreakerWindow must be 1 s to 1 day")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an open breaker keeps jobs from its instance; then one attempt is let through. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "JobGrid:Worker:BreakerPause must be 1 s to 1 day")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long work may outlive the worker's process; set by the host from the connectors in use. Default 0.</summary>
    public TimeSpan Linger { get; set; }
}
