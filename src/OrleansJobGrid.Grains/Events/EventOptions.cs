using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Grains.Events;

/// <summary>Settings of events and their subscriptions, section <c>JobGrid:Events</c>.</summary>
public sealed class EventOptions
{
    /// <summary>Where events may be posted: beginnings of addresses, such as <c>https://hooks.example.org/</c>. Default none.</summary>
    public IList<string> Allow { get; } = [];

    /// <summary>
    /// How many writes with events each shard keeps for subscriptions that have not come so far; older ones are dropped, and a subscription
    /// is told of the gap. Some 100 bytes each. Default 250,000.
    /// </summary>
    [Range(1, 100_000_000)]
    public long Capacity { get; set; } = 250_000;

    /// <summary>A subscription that lags more than this stands in the grid's health and in the log. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LagAlert { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often an event that its receiver refuses is tried before it becomes a dead letter. Default 10.</summary>
    [Range(1, 1_000)]
    public int MaxTries { get; set; } = 10;

    /// <summary>Pause after the first failed delivery; each one after it is twice as long. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan Backoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between deliveries that fail. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest time of a delivery. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
