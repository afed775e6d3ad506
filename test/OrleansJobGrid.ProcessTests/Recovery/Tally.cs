using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Counts of one kind of death, as a row of the table that the tests print.</summary>
internal sealed class Tally(string point)
{
    private int _rounds;
    private int _jobs;
    private int _executions;
    private int _completions;
    private int _beyond;
    private int _stale;

    public int Beyond => _beyond;

    /// <summary>
    /// Adds a round of jobs that all are to complete: each exactly once, and each execution beyond the first told as a <c>stale_submit</c> of
    /// that very job; none at all where no post was on the wire.
    /// </summary>
    public void Add(IReadOnlyList<JobStory> stories, bool postOnTheWire = false)
    {
        _rounds++;
        _jobs += stories.Count;
        _executions += stories.Sum(s => s.Executions);
        _completions += stories.Sum(s => s.Completions);
        _beyond += stories.Sum(s => s.Beyond);
        _stale += stories.Sum(s => s.StaleSubmits);
        Assert.All(stories, s =>
        {
            Assert.True(s.Job.Status == "completed" && s.Completions == 1, $"{point}: not completed exactly once\n{s}");
            Assert.True(s.Beyond <= s.StaleSubmits, $"{point}: {s.Beyond} executions beyond the first, of which {s.StaleSubmits} were found\n{s}");
            Assert.True(postOnTheWire || s.Beyond == 0, $"{point}: executed {s.Executions} times though no post was on the wire\n{s}");
            Assert.True(s.Executions >= 1, $"{point}: completed without an execution\n{s}");
        });
    }

    public void Print()
    {
        Diagnostics.Say($"| point | rounds | jobs | executions | completions | beyond the first | found as stale_submit |");
        Diagnostics.Say($"| {point} | {_rounds} | {_jobs} | {_executions} | {_completions} | {_beyond} | {_stale} |");
    }
}
