using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>The service dies and comes back, its workers live.</summary>
public sealed class ServiceRestartTests
{
    private const int Jobs = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Outputs_that_the_restarted_service_still_has_are_fetched_and_only_the_rest_runs_again()
    {
        await using var service = await TestServiceProcess.StartAsync(new() { Slots = 2 * Jobs, Keeps = true });
        await using var grid = await RecoveryGrid.StartAsync(2, 2 * Jobs, _ => OutsideSettings.Of(service.Url));
        // What is done stays untold until the service is gone.
        await service.CommandAsync("hold completed");
        var mark = service.Mark();
        var done = await grid.SubmitAsync(Jobs, new { duration_ms = 0, output = "out.txt" });
        var running = await grid.SubmitAsync(Jobs, new { duration_ms = 8_000, output = "out.txt" });
        await service.ArrivalsAsync("completed", Jobs, mark, Limit);
        await Eventually.GetAsync("the rest runs", Limit, () => Task.FromResult<(object?, string)>(
            (running.All(id => service.Executions()[id].Any()) ? running : null, grid.Logs())));

        await service.RestartAsync();

        await Eventually.GetAsync("the rest runs again", Limit, () => Task.FromResult<(object?, string)>(
            (running.All(id => service.Executions()[id].Count() == 2) ? running : null, grid.Logs())));
        var stories = await grid.FinalAsync("service restarted", [.. done, .. running], Limit, service);
        Assert.All(stories, s => Assert.True(s.Job.Status == "completed" && s.Completions == 1, s.ToString()));
        Assert.All(stories.Where(s => done.Contains(s.Job.Id)), s => Assert.True(s.Executions == 1, $"its output was there, and it ran again\n{s}"));
        Assert.All(stories.Where(s => running.Contains(s.Job.Id)), s => Assert.True(s.Executions == 2 && s.Service.Count(e => e.What == "END") == 1, s.ToString()));
        Assert.All(stories, s => Assert.Single(s.Job.Outputs ?? []));
        Diagnostics.Say($"service restarted alone: {Jobs} finished outputs fetched with {stories.Where(s => done.Contains(s.Job.Id)).Sum(s => s.Executions)} executions, {Jobs} broken ones run again");
    }
}
