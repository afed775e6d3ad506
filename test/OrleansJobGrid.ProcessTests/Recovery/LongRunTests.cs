using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>
/// Many jobs, a fifth of them failing in all classes, a worker killed again and again. 600 jobs and a kill each 5 s;
/// <c>JOBGRID_RECOVERY_JOBS=10000 JOBGRID_RECOVERY_KILL_SECONDS=10</c> is the long one.
/// </summary>
public sealed class LongRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task All_end_in_the_state_that_their_class_says_while_workers_are_killed()
    {
        await using var service = await TestServiceProcess.StartAsync(new() { Slots = 64 });
        await using var grid = await RecoveryGrid.StartAsync(2, 8, _ => OutsideSettings.Of(service.Url, instances: ["a", "b"]));
        var random = new Random(1);
        var kinds = new Dictionary<string, InjectedFailure>();
        var jobs = new List<JobSubmission>();
        for (var n = 0; n < Rounds.Jobs; n++)
        {
            var kind = n % 5 == 0 ? InjectedFailure.All[n / 5 % InjectedFailure.All.Count] : InjectedFailure.None[random.Next(2)];
            jobs.Add(kind.ToJob(n));
            kinds[jobs[^1].Id!] = kind;
        }

        var ids = new List<string>();
        foreach (var chunk in jobs.Chunk(500))
            ids.AddRange(await grid.SubmitAsync(chunk));
        var kills = await KillWhileOpenAsync(grid, ids.Count);

        var stories = await grid.FinalAsync("long run", ids, Limit, service);
        Report(stories, kinds, kills);
        Assert.Empty(stories.Where(s => s.Job.Status != kinds[s.Job.Id].Ends).Take(5).Select(s => $"should end {kinds[s.Job.Id].Ends}\n{s}"));
        Assert.Empty(stories.Where(s => s.Completions != (s.Job.Status == JobStatus.Completed ? 1 : 0)).Take(5).Select(s => $"completed {s.Completions} times\n{s}"));
        Assert.Empty(stories.Where(s => Doubled(s) > s.StaleSubmits).Take(5).Select(s => $"doubled outside and not found\n{s}"));
        Assert.All(stories.Where(s => s.Job.Status == JobStatus.Failed), s => Assert.NotEmpty(s.Job.Failures ?? []));
        Assert.True(kills > 0, "Nothing was killed; the run was too short.");
    }

    /// <summary>Executions that neither failed on the job's record nor completed it.</summary>
    private static int Doubled(JobStory story) => story.Service.Count == 0
        ? 0
        : Math.Max(0, story.Executions - (story.Job.Failures?.Count ?? 0) - (story.Job.Status == JobStatus.Completed ? 1 : 0));

    private static async Task<int> KillWhileOpenAsync(RecoveryGrid grid, int count)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        for (var kills = 0; ; kills++)
        {
            var done = await FinalCountAsync(grid);
            Diagnostics.Say($"{done} of {count} final after {kills} kills");
            if (done >= count)
                return kills;
            var pause = Task.Delay(Rounds.KillEvery, TimeProvider.System);
            await grid.KillWorkerAsync(kills % grid.Workers);
            await grid.StartMissingAsync();
            await pause;
        }
    }

    private static async Task<int> FinalCountAsync(RecoveryGrid grid)
    {
        var count = 0;
        foreach (var status in (string[])[JobStatus.Completed, JobStatus.Failed, JobStatus.Cancelled, JobStatus.Timeout])
        {
            await foreach (var _ in grid.Client.ListAllJobsAsync(new() { Status = status, Limit = 500 }))
                count++;
        }

        return count;
    }

    private static void Report(IReadOnlyList<JobStory> stories, Dictionary<string, InjectedFailure> kinds, int kills)
    {
        Diagnostics.Say($"| kind | jobs | should end | completed | failed | other | attempts | executions outside |");
        foreach (var group in stories.GroupBy(s => kinds[s.Job.Id]))
        {
            int Ended(string status) => group.Count(s => s.Job.Status == status);
            var (completed, failed) = (Ended(JobStatus.Completed), Ended(JobStatus.Failed));
            Diagnostics.Say($"| {group.Key.Name} | {group.Count()} | {group.Key.Ends} | {completed} | {failed} | {group.Count() - completed - failed} "
                + $"| {group.Sum(s => s.Job.Attempt)} | {group.Sum(s => s.Executions)} |");
        }

        Diagnostics.Say($"{stories.Count} jobs, {kills} kills: lost {stories.Count(s => !s.Job.IsFinal)}, completed twice {stories.Count(s => s.Completions > 1)}, "
            + $"doubled outside {stories.Sum(Doubled)}, of these found as stale_submit {stories.Sum(s => Math.Min(Doubled(s), s.StaleSubmits))}");
    }
}
