namespace OrleansJobGrid.Chaos.Checking;

/// <summary>What the checker found, each in words that lead to the job.</summary>
internal sealed record Findings
{
    public int Acknowledged { get; init; }

    public int Completed { get; init; }

    /// <summary>Sagas that were acknowledged.</summary>
    public int Sagas { get; init; }

    /// <summary>Acknowledged, and not there or not brought to an end.</summary>
    public List<string> Lost { get; } = [];

    /// <summary>Acknowledged, and ended in another state than completed. Poison after three lost workers is by rule and not among them.</summary>
    public List<string> Failed { get; } = [];

    /// <summary>Jobs that their third lost worker made dead letters, as the design says.</summary>
    public List<string> Poisoned { get; } = [];

    /// <summary>Work done again though it could be asked about, or twice under one grant.</summary>
    public List<string> DoubledEffects { get; } = [];

    /// <summary>More than one accepted completion, a completion whose work nobody saw end, or two jobs for one key.</summary>
    public List<string> DoubledCompletions { get; } = [];

    /// <summary>Posts that landed after their job had gone on, found and told by the grid: work beyond the first that the design allows.</summary>
    public int StaleSubmits { get; set; }

    /// <summary>Runs in workers' processes that came to their end beyond the first of their job, in an epoch of their own: nobody can be asked about them.</summary>
    public int Reruns { get; set; }

    public bool Holds => Lost.Count + Failed.Count + DoubledEffects.Count + DoubledCompletions.Count == 0;
}
