namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>A job of the simulated day. Times in ms since its begin.</summary>
internal sealed class DayJob(long number, int customer, int model, long arrivedAt, long runMs)
{
    public long Number { get; } = number;
    public string Id { get; } = $"job-{number}";
    public int Customer { get; } = customer;
    public int Model { get; } = model;
    public long ArrivedAt { get; } = arrivedAt;

    /// <summary>Its work alone, without the loading of its model.</summary>
    public long RunMs { get; } = runMs;

    /// <summary>-1: not started.</summary>
    public long StartedAt { get; set; } = -1;

    /// <summary>How often it was next and another was chosen.</summary>
    public int Bypasses { get; set; }

    public long FirstBypassAt { get; set; }
}
