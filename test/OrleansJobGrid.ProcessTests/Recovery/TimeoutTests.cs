using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>Every limit of time is enforced, also when the silo that watched it died.</summary>
[Collection(TimedCollection.Name)]
public sealed class TimeoutTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(2);

    /// <summary>The silo's death may have to be seen first.</summary>
    private static readonly TimeSpan LateAfterDeath = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1_000, false)]
    [InlineData(200, true)]
    public async Task Jobs_past_their_deadline_time_out_within_two_seconds_and_free_their_workers(int count, bool killed)
    {
        var running = count / 2;
        await using var service = await TestServiceProcess.StartAsync(new() { Slots = 2 * count });
        await using var grid = await RecoveryGrid.StartAsync(2, running / 2, _ => OutsideSettings.Of(service.Url));
        var deadline = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(30);
        var ids = await grid.SubmitAsync(count, new { duration_ms = 600_000 }, with: j => j with { Deadline = deadline });
        await Eventually.GetAsync("half of them run", deadline - TimeProvider.System.GetUtcNow(), () => Task.FromResult<(object?, string)>(
            (service.Read().Count(e => e.What == "START") >= running ? ids : null, $"{service.Read().Count(e => e.What == "START")} run\n{grid.Logs()}")));
        if (killed)
        {
            await Task.Delay(deadline - TimeSpan.FromSeconds(1) - TimeProvider.System.GetUtcNow(), TimeProvider.System);
            await grid.KillWorkerAsync(0);
        }

        var stories = await grid.FinalAsync("past the deadline", ids, Limit, service);

        Assert.All(stories, s => Assert.True(s.Job.Status == JobStatus.Timeout, s.ToString()));
        var lateness = stories.Select(s => Assert.Single(s.Events, e => e.To == JobStatus.Timeout && e.From != JobStatus.Timeout).At!.Value - deadline).Order().ToList();
        Diagnostics.Say($"{count} jobs past their deadline, {running} of them running{(killed ? ", a silo killed 1 s before" : "")}: "
            + $"median {lateness[count / 2].TotalMilliseconds:0} ms late, worst {lateness[^1].TotalMilliseconds:0} ms");
        Assert.True(lateness[0] >= TimeSpan.Zero, "A job timed out before its deadline.");
        Assert.True(lateness[^1] <= (killed ? LateAfterDeath : Late), $"The worst was {lateness[^1]} late:\n{stories.MaxBy(s => s.Events.Max(e => e.At))}");
        await Eventually.GetAsync("what ran outside is cancelled", Limit, () =>
        {
            var open = service.Read().Where(e => e.What is "START" or "CANCEL").GroupBy(e => e.ExternalId).Where(g => g.Count() < 2).ToList();
            return Task.FromResult<(object?, string)>((open.Count == 0 ? ids : null, $"{open.Count} still run\n{grid.Logs()}"));
        });
        var fresh = await grid.SubmitAsync(running / 2, new { duration_ms = 0 });
        Assert.All(await grid.FinalAsync("workers are free again", fresh, Limit, service), s => Assert.Equal(JobStatus.Completed, s.Job.Status));
    }
}
