using OrleansJobGrid.Host.Hosting;

namespace OrleansJobGrid.Host.CommandLine;

/// <summary>A grid that a command started, whatever started it.</summary>
/// <param name="Url">Where its gateway listens; null without that role.</param>
/// <param name="Completion">Ends with the grid.</param>
/// <param name="StopAsync">Drains within the budget, stops and disposes.</param>
internal sealed record StartedGrid(Uri? Url, Task Completion, Func<TimeSpan, Task> StopAsync)
{
    public static async Task<StartedGrid> StartAsync(GridOptions options, CancellationToken cancellationToken) =>
        Of(await GridHost.StartAsync(options, cancellationToken));

    public static StartedGrid Of(RunningGrid running)
    {
        return new StartedGrid(running.Url, running.Completion, async drainBudget =>
        {
            await using (running)
                await running.StopAsync(drainBudget);
        });
    }
}
