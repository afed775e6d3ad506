using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>A process that is stopped for longer than its lease and wakes: to the others it was dead.</summary>
public sealed class StoppedProcessTests
{
    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Results_of_a_process_that_was_stopped_for_30_s_are_refused_or_adopted_and_never_doubled()
    {
        await using var service = await TestServiceProcess.StartAsync();
        using var effects = new SideEffectLog();
        await using var grid = await RecoveryGrid.StartAsync(2, 16, _ => OutsideSettings.Of(service.Url), effects.Environment, started: 1);
        // Work that ends while its worker is stopped, work that ends after, and work in the worker's own process.
        var shortWork = await grid.SubmitAsync(4, new { duration_ms = 12_000, output = "out.txt" });
        var longWork = await grid.SubmitAsync(4, new { duration_ms = 50_000, output = "out.txt" });
        var inProcess = await grid.SubmitAsync(4, new { duration_ms = 15_000, side_effect_file = effects.Path }, "simulation");
        await Eventually.GetAsync("all run", Limit, () => Task.FromResult<(object?, string)>(
            (shortWork.Concat(longWork).All(id => service.Executions()[id].Any()) && effects.Read().Count(e => e.What == "START") == 4 ? effects : null, grid.Logs())));
        await grid.StartWorkerAsync(1);

        Signals.Send(grid.Worker(0).Id, Signals.Stop);
        await Task.Delay(Stopped, TimeProvider.System);
        Signals.Send(grid.Worker(0).Id, Signals.Continue);

        var tally = new Tally("SIGSTOP 30 s, SIGCONT");
        tally.Add(await grid.FinalAsync("stopped process", [.. shortWork, .. longWork], Limit, service));
        tally.Print();
        var simulated = await grid.FinalAsync("stopped process, its own work", inProcess, Limit);
        Assert.All(simulated, s => Assert.True(s.Job.Status == "completed" && s.Completions == 1, s.ToString()));
        var doubled = effects.Read().Where(e => e.What == "END").GroupBy(e => e.JobId).Count(g => g.Count() > 1);
        Diagnostics.Say($"in its own process: {simulated.Count} jobs, {effects.Read().Count(e => e.What == "START")} starts, "
            + $"{simulated.Sum(s => s.Completions)} completions, {doubled} whose broken run still came to its end");
    }
}
