using System.Text.Json;
using OrleansJobGrid.Client;
using OrleansJobGrid.Grains.Operations;
using OrleansJobGrid.Storage;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Survival;

/// <summary>
/// One round of the promise: jobs queued and running, the whole grid killed at a random moment, started again on the same data; all
/// complete, and what stands outside shows that nothing was done that need not be.
/// </summary>
internal sealed class KillRound(int seed, string dataFolder, string? redis)
{
    private const int Jobs = 200;
    private const int Slots = 4;
    private static readonly TimeSpan CompletionLimit = TimeSpan.FromMinutes(3);

    public async Task RunAsync(Func<Task<IJobStore>> openStore)
    {
        var random = new Random(seed);
        using var effects = new SideEffectLog();
        var arguments = new GridArguments(dataFolder) { Redis = redis, Slots = Slots, Environment = effects.Environment };
        var kills = random.Next(1, 4);
        var ids = new List<string>();
        for (var life = 0; life <= kills; life++)
        {
            await using var grid = await GridProcess.UpAsync(arguments);
            if (life == 0)
                ids.AddRange(await SubmitAsync(grid.Client, random, effects.Path));
            if (life < kills)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 2_500)), TimeProvider.System);
                await grid.KillAsync();
                continue;
            }

            var jobs = await CompletedAsync(grid, ids);
            var events = new Dictionary<string, IReadOnlyList<JobEvent>>();
            foreach (var job in jobs)
                events[job.Id] = await grid.Client.GetEventsAsync(job.Id);
            Assert.Equal(0, await grid.TerminateAsync());
            Judge(jobs, events, effects.Read(), kills);
        }

        await using var store = await openStore();
        Assert.Empty(await StoreChecker.Check(store, null, TestContext.Current.CancellationToken));
    }

    private static async Task<IReadOnlyList<string>> SubmitAsync(JobGridClient client, Random random, string sideEffectFile)
    {
        var jobs = Enumerable.Range(0, Jobs).Select(_ => new JobSubmission
        {
            ServiceRequired = "simulation",
            Payload = JsonSerializer.SerializeToNode(new { duration_ms = random.Next(0, 150), side_effect_file = sideEffectFile }),
        });
        var results = await client.SubmitBatchAsync([.. jobs]);
        Assert.All(results, r => Assert.True(r.Success));
        return [.. results.Select(r => r.JobId!)];
    }

    private static async Task<IReadOnlyList<Job>> CompletedAsync(GridProcess grid, List<string> ids) =>
        await Eventually.GetAsync("all jobs complete", CompletionLimit, async () =>
        {
            var jobs = new List<Job>();
            await foreach (var job in grid.Client.ListAllJobsAsync(new() { Limit = 500 }))
                jobs.Add(job);
            Assert.Equal(ids.Order(StringComparer.Ordinal), jobs.Select(j => j.Id).Order(StringComparer.Ordinal));
            var open = jobs.Where(j => j.Status != "completed").ToList();
            return open.Count == 0 ? (jobs, "") : (null, $"{open.Count} open, such as {open[0].Id}: {open[0].Status}; log:\n{grid.Log}");
        });

    private static void Judge(
        IReadOnlyList<Job> jobs, Dictionary<string, IReadOnlyList<JobEvent>> events, IReadOnlyList<(string What, string JobId, long Epoch)> effects, int kills)
    {
        foreach (var group in effects.GroupBy(e => e))
            Assert.True(group.Count() == 1, $"{group.Key} was written {group.Count()} times.");
        var written = effects.ToHashSet();
        var requeued = 0;
        foreach (var job in jobs)
        {
            var log = events[job.Id];
            var accepted = Assert.Single(log, e => e.Type == "completed");
            Assert.Equal(job.Epoch, accepted.Epoch);
            Assert.Contains(("START", job.Id, job.Epoch), written);
            Assert.Contains(("END", job.Id, job.Epoch), written);
            Assert.Equal(1, job.Attempt);
            var taken = log.Count(e => e.Type is "requeued" or "grant_returned");
            requeued += taken;
            // Where no kill fell between its start and its completion, its work was done exactly once.
            if (taken == 0)
                Assert.Equal(2, effects.Count(e => e.JobId == job.Id));
        }

        // A kill can only touch what its slots held, and what was granted on the way to them.
        Assert.InRange(requeued, 0, kills * Slots * 2);
    }
}
