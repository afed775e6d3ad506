using OrleansJobGrid.Contracts.Jobs;
using OrleansJobGrid.Grains.Hosting;

namespace OrleansJobGrid.Grains.Queues;

/// <summary>Computes the priority of a job that names none from its customer's tier, its urgency and its deadline. Pure.</summary>
public static class PriorityPolicy
{
    /// <summary>The priority, 0 to 100.</summary>
    /// <param name="job">The submission.</param>
    /// <param name="tier">Its customer's tier; null: none.</param>
    /// <param name="options">The points.</param>
    /// <param name="clock">Unix ms.</param>
    public static int Of(JobSubmission job, string? tier, PriorityPolicyOptions options, long clock)
    {
        if (job.OwnPriority || !options.Enabled)
            return job.Priority;
        var points = JobSubmissionLimits.DefaultPriority
            + (tier is null ? 0 : options.Tiers.GetValueOrDefault(tier))
            + (job.Urgency is null ? 0 : options.Urgencies.GetValueOrDefault(job.Urgency));
        if (job.Deadline is { } deadline)
        {
            var left = Math.Clamp((deadline - clock) / options.DeadlineWithin.TotalMilliseconds, 0, 1);
            points += (int)Math.Round(options.DeadlinePoints * (1 - left));
        }

        return Math.Clamp(points, 0, JobSubmissionLimits.MaxPriority);
    }
}
