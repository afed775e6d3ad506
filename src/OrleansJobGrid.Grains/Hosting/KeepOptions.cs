using System.ComponentModel.DataAnnotations;

namespace OrleansJobGrid.Grains.Hosting;

/// <summary>How long jobs are kept after their end, section <c>JobGrid:Keep</c>. Fixed in a job's record at its submission.</summary>
public sealed class KeepOptions
{
    internal static readonly TimeSpan DefaultCompleted = TimeSpan.FromHours(24);
    internal static readonly TimeSpan DefaultFailed = TimeSpan.FromDays(7);

    /// <summary>A job that is completed or cancelled. 1 s to 365 days; default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan Completed { get; set; } = DefaultCompleted;

    /// <summary>A dead letter: failed or timeout. 1 s to 365 days; default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan Failed { get; set; } = DefaultFailed;
}
