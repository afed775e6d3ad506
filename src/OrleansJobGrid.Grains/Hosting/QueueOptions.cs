using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>How a queue chooses, section <c>JobGrid:Queues:{name}</c>; <c>*</c> is every queue without one of its own.</summary>
public sealed class QueueOptions
{
    /// <summary>
    /// Waiting time that is worth a point of priority, so that jobs of low priority are not overtaken for ever: one of priority p is
    /// overtaken by nothing that came (100 - p) of these later. Default none: strict priorities.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "7.00:00:00", ErrorMessage = "JobGrid:Queues:…:AgeingStep must be 100 ms to 7 days")]
    public TimeSpan? AgeingStep { get; set; }

    /// <summary>
    /// Whether, within a level of priority, a worker may get a job whose models it has loaded, or that fits its memory better, before the
    /// one that would be next. Saves loading models; costs a bounded wait. Default false.
    /// </summary>
    public bool Affinity { get; set; }

    /// <summary>How often the job that would be next may be passed over by affinity. Default 24.</summary>
    [Range(1, 1_000, ErrorMessage = "JobGrid:Queues:…:MaxBypasses must be 1 to 1000")]
    public int MaxBypasses { get; set; } = 24;

    /// <summary>For how long it may be, from the first time. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "JobGrid:Queues:…:MaxBypassAge must be 100 ms to 1 day")]
    public TimeSpan MaxBypassAge { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether customers share a level by their weights (<see cref="CustomerOptions.Weight"/>). Default false: by order alone.</summary>
    public bool Fair { get; set; }

    /// <summary>Labels that a worker must have to be served from this queue. Default none.</summary>
    public IList<string> Labels { get; } = [];
}

/// <summary>What a customer may have, section <c>JobGrid:Customers:{id}</c>; <c>*</c> is every customer without one of its own. Each queue counts for itself.</summary>
public sealed class CustomerOptions
{
    /// <summary>Its share beside the others' in a fair queue. Default 1.</summary>
    [Range(0.001, 1_000_000, ErrorMessage = "JobGrid:Customers:…:Weight must be 0.001 to 1000000")]
    public double Weight { get; set; } = 1;

    /// <summary>Jobs of it that may run at the same time; the others wait. Default no limit.</summary>
    [Range(1, 1_000_000, ErrorMessage = "JobGrid:Customers:…:MaxInFlight must be 1 to 1000000")]
    public int? MaxInFlight { get; set; }

    /// <summary>Jobs of it that may wait; a submission beyond is refused (429). What is submitted in the same moment may go a little beyond. Default no limit.</summary>
    [Range(1, 1_000_000_000, ErrorMessage = "JobGrid:Customers:…:MaxQueued must be 1 to 1000000000")]
    public long? MaxQueued { get; set; }

    /// <summary>Seconds of work a day (UTC): charged at the claim with the expected run time, corrected at the end. Beyond it jobs wait for the next day. Default no limit.</summary>
    [Range(1.0, 1e12, ErrorMessage = "JobGrid:Customers:…:GpuSecondsPerDay must be at least 1")]
    public double? GpuSecondsPerDay { get; set; }

    /// <summary>A word that the priority policy knows, such as <c>premium</c>. Default none.</summary>
    public string? Tier { get; set; }
}

/// <summary>Computes the priority of jobs that name none, section <c>JobGrid:PriorityPolicy</c>: 50 and what applies, within 0 to 100.</summary>
public sealed class PriorityPolicyOptions
{
    /// <summary>Whether it does. Default false: 50.</summary>
    public bool Enabled { get; set; }

    /// <summary>Points by the customer's tier, -100 to 100.</summary>
    public Dictionary<string, int> Tiers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Points by the job's urgency. Default: low -20, normal 0, high 20, critical 40.</summary>
    public Dictionary<string, int> Urgencies { get; } = new(StringComparer.OrdinalIgnoreCase) { ["low"] = -20, ["normal"] = 0, ["high"] = 20, ["critical"] = 40 };

    /// <summary>Points for a deadline that is now; they fall to 0 where it is <see cref="DeadlineWithin"/> away. Default 20.</summary>
    [Range(0, 100, ErrorMessage = "JobGrid:PriorityPolicy:DeadlinePoints must be 0 to 100")]
    public int DeadlinePoints { get; set; } = 20;

    /// <summary>From how far away a deadline counts. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ErrorMessage = "JobGrid:PriorityPolicy:DeadlineWithin must be 1 s to 30 days")]
    public TimeSpan DeadlineWithin { get; set; } = TimeSpan.FromHours(1);
}
