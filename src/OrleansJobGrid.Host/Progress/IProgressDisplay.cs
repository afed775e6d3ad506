using OrleansJobGrid.Host.CommandLine;

namespace OrleansJobGrid.Host.Progress;

/// <summary>Shows how jobs come along while work goes on.</summary>
internal interface IProgressDisplay
{
    /// <summary>Shows the jobs until <paramref name="work"/> ends.</summary>
    Task ShowAsync(IReadOnlyList<string> jobIds, Func<Task> work);

    /// <summary>Tells the state of a job. Safe for concurrent calls.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="status">Its status; null: as before.</param>
    /// <param name="progress">0 to 100; null: as before.</param>
    /// <param name="message">What it does, or why it ended.</param>
    void Update(string jobId, string? status, double? progress, string? message);
}

internal static class ProgressDisplay
{
    /// <summary>Bars on a terminal, lines in a pipe, nothing where the output is for a program.</summary>
    public static IProgressDisplay For(CommandEnvironment environment, bool json) =>
        json ? new NoProgress() : environment.IsTerminal ? new BarProgress(environment) : new PlainProgress(environment.Out);

    private sealed class NoProgress : IProgressDisplay
    {
        public Task ShowAsync(IReadOnlyList<string> jobIds, Func<Task> work) => work();

        public void Update(string jobId, string? status, double? progress, string? message)
        {
        }
    }
}
