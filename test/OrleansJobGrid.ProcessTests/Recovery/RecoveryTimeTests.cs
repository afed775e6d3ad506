using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>From kill -9 to running again, by the clock of one machine. Three rounds; <c>JOBGRID_RECOVERY_ROUNDS=20</c> makes it twenty.</summary>
[Collection(TimedCollection.Name)]
public sealed class RecoveryTimeTests
{
    private const int Jobs = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Work_of_a_killed_silo_runs_again_or_is_adopted()
    {
        await using var service = await TestServiceProcess.StartAsync(new() { Slots = 100 });
        using var effects = new SideEffectLog();
        await using var grid = await RecoveryGrid.StartAsync(2, 4 * Jobs, _ => OutsideSettings.Of(service.Url), effects.Environment, started: 1);
        await service.CommandAsync("hold running");
        var (detected, started, adopted) = (new List<TimeSpan>(), new List<TimeSpan>(), new List<TimeSpan>());
        for (var round = 0; round < Rounds.Timed; round++)
        {
            // The only worker has the jobs when the other one comes, so the victim is known.
            var victim = round % 2;
            var own = await grid.SubmitAsync(Jobs, new { duration_ms = 600_000, side_effect_file = effects.Path }, "simulation");
            var outside = await grid.SubmitAsync(Jobs, new { duration_ms = 0, output = "out.txt" });
            await Eventually.GetAsync("all run", Limit, () => Task.FromResult<(object?, string)>(
                (own.All(id => Started(effects, id) >= 1) && outside.All(id => service.Executions()[id].Any()) ? own : null, grid.Logs())));
            await grid.StartWorkerAsync(1 - victim);

            var killedAt = TimeProvider.System.GetUtcNow();
            await grid.KillWorkerAsync(victim);
            var again = new Dictionary<string, TimeSpan>();
            await Eventually.GetAsync("the killed worker's own work runs again", Limit, () =>
            {
                foreach (var id in own.Where(id => !again.ContainsKey(id) && Started(effects, id) >= 2))
                    again[id] = TimeProvider.System.GetUtcNow() - killedAt;
                return Task.FromResult<(object?, string)>((again.Count == Jobs ? again : null, grid.Logs()));
            });
            started.AddRange(again.Values);
            await Eventually.GetAsync("the work outside is adopted", Limit, async () =>
            {
                foreach (var id in outside)
                {
                    if (await grid.Client.GetJobAsync(id) is not { Status: JobStatus.InProgress, Epoch: > 1 } job)
                        return ((object?)null, (await grid.StoriesAsync([id], service))[0] + grid.Logs());
                }

                return (outside, "");
            });
            foreach (var story in await grid.StoriesAsync([.. own, .. outside], service))
            {
                var after = story.Events.Where(e => e.At > killedAt).ToList();
                detected.Add(after[0].At!.Value - killedAt);
                if (outside.Contains(story.Job.Id))
                    adopted.Add(after.First(e => e.To == JobStatus.InProgress).At!.Value - killedAt);
            }

            await service.CommandAsync("pass running");
            await service.CommandAsync("hold running");
            foreach (var id in own)
                await grid.Client.CancelAsync(id);
            var stories = await grid.FinalAsync("after a timed kill", [.. own, .. outside], Limit, service);
            Assert.All(stories.Where(s => outside.Contains(s.Job.Id)), s => Assert.True(s is { Completions: 1, Executions: 1 }, s.ToString()));
            Assert.All(stories.Where(s => own.Contains(s.Job.Id)), s => Assert.True(s.Job.Status == JobStatus.Cancelled, s.ToString()));
        }

        Say("first sign in the job's events", detected);
        Say("own work started again", started);
        Say("work outside adopted", adopted);
    }

    private static int Started(SideEffectLog effects, string jobId) => effects.Read().Count(e => e.What == "START" && e.JobId == jobId);

    private static void Say(string what, List<TimeSpan> times)
    {
        var sorted = times.Order().ToList();
        Diagnostics.Say($"| {what} | {Rounds.Timed} kills | median {sorted[sorted.Count / 2].TotalSeconds:0.00} s | worst {sorted[^1].TotalSeconds:0.00} s |");
    }
}
