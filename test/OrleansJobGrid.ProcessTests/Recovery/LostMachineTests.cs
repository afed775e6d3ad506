using System.Text.Json.Nodes;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>The rented machine that vanishes: worker and service are gone together, and nobody can be asked.</summary>
public sealed class LostMachineTests
{
    private const int Jobs = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LostMachineAfter = TimeSpan.FromSeconds(6);

    [Fact]
    public async Task Jobs_of_a_machine_that_vanished_with_its_service_finish_elsewhere_without_an_operator()
    {
        await using var first = await TestServiceProcess.StartAsync(new() { Slots = Jobs });
        await using var second = await TestServiceProcess.StartAsync(new() { Slots = Jobs });
        await using var grid = await RecoveryGrid.StartAsync(2, Jobs, started: 1, settings: place =>
        {
            var settings = OutsideSettings.Of(place == 0 ? first.Url : second.Url, onThisMachine: true, place == 0 ? "a" : "b");
            settings["Recovery"] = new JsonObject { ["LostMachineAfter"] = LostMachineAfter.ToString() };
            return settings;
        });
        await first.CommandAsync("hold running");
        var mark = first.Mark();
        var ids = await grid.SubmitAsync(Jobs, new { duration_ms = 200, output = "out.txt" });
        await first.ArrivalsAsync("running", Jobs, mark, Limit);
        await grid.StartWorkerAsync(1);

        await Task.WhenAll(grid.KillWorkerAsync(0), first.KillAsync());
        var killed = TimeProvider.System.GetTimestamp();

        var stories = await grid.FinalAsync("machine lost", ids, Limit, first, second);
        Diagnostics.Say($"all {Jobs} finished elsewhere {TimeProvider.System.GetElapsedTime(killed).TotalSeconds:0.0} s after their machine vanished (lost_machine_after {LostMachineAfter.TotalSeconds} s)");
        Assert.All(stories, s =>
        {
            Assert.True(s.Job.Status == "completed" && s.Completions == 1, s.ToString());
            Assert.True(s.Count("machine_lost") == 1, $"no event machine_lost\n{s}");
            Assert.Single(second.Executions()[s.Job.Id]);
            Assert.Equal(1, s.Job.Attempt);
        });
    }
}
