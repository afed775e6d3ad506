using System.ComponentModel.DataAnnotations;
using OrleansJobGrid.Grains.Jobs;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>Limits of recovery, section <c>JobGrid:Recovery</c>.</summary>
public sealed class RecoveryOptions
{
    /// <summary>
    /// How long a job is held while nobody can say what became of it; then its <c>on_unknown</c> decides. Longer waits for a service to
    /// come back, shorter gives an answer sooner. Default 15 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan HoldLimit { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a machine has no live worker before its own services count as lost with it, and their jobs run elsewhere. Shorter than a
    /// restart of the machine's worker risks that work runs twice. Default 120 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LostMachineAfter { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How often work that had begun is rescued from a dead session, before the job counts as poison. Default 3.</summary>
    [Range(0, 100)]
    public int Rescues { get; set; } = 3;

    internal RecoveryPolicy ToPolicy() => new(HoldLimit, LostMachineAfter, Rescues);
}
