using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Workers.Hosting;

/// <summary>Settings of a worker, section <c>JobGrid:Worker</c> of the configuration.</summary>
public sealed class WorkerOptions
{
    /// <summary>The worker's id, 1 to 128 of <c>A-Za-z0-9._:-</c>, one for each running worker. Default: machine name and process id.</summary>
    [RegularExpression("^[A-Za-z0-9._:-]{1,128}$", ErrorMessage = "JobGrid:Worker:Id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
    public string Id { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

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

    /// <summary>How long work may outlive the worker's process; set by the host from the connectors in use. Default 0.</summary>
    public TimeSpan Linger { get; set; }
}
