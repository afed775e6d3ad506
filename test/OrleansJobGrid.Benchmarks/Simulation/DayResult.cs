namespace OrleansJobGrid.Benchmarks.Simulation;

/// <summary>What a simulated day showed. Lists are by customer, in the order of the weights.</summary>
internal sealed record DayResult
{
    public required int Jobs { get; init; }

    /// <summary>Jobs that never started.</summary>
    public required int Lost { get; init; }

    /// <summary>How often a worker got nothing, or stood idle, while a job waited that it can do.</summary>
    public required int Stranded { get; init; }

    /// <summary>Without affinity: how often another job was granted than the one whose turn it was.</summary>
    public required int OutOfTurn { get; init; }

    public required double LoadsPer100Jobs { get; init; }
    public required IReadOnlyList<double> MeanWaitSeconds { get; init; }
    public required IReadOnlyList<double> P99WaitSeconds { get; init; }

    /// <summary>Part of the work that was granted while every customer had more jobs waiting than there are workers.</summary>
    public required IReadOnlyList<double> OverloadShare { get; init; }

    /// <summary>Jain's index of (work / weight) in that time: 1 is fair, 1/customers is all to one (Jain, Chiu, Hawe, 1984).</summary>
    public required double Jain { get; init; }

    /// <summary>Jobs that were granted in that time.</summary>
    public required int OverloadJobs { get; init; }
    public required int MostBypasses { get; init; }

    /// <summary>Longest time from a job's first bypass to its start.</summary>
    public required double LongestAfterBypassSeconds { get; init; }

    /// <summary>Time of the workers that went to jobs and the loading of models, of the time until the last job ended.</summary>
    public required double Utilization { get; init; }

    /// <summary>Until the last job ended.</summary>
    public required double Hours { get; init; }
}
