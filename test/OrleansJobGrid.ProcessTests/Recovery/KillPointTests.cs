using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Outside;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Recovery;

/// <summary>
/// kill -9 of the silo whose worker runs jobs of an outside service, at each point of their way: each completes exactly once, and is
/// executed once. Two rounds a point; <c>JOBGRID_KILL_ROUNDS=20</c> makes it twenty.
/// </summary>
public sealed class KillPointTests
{
    private const int Jobs = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData(KillPoint.BeforeSubmission)]
    [InlineData(KillPoint.PostLost)]
    [InlineData(KillPoint.PostLandsLate)]
    [InlineData(KillPoint.AnswerHeld)]
    [InlineData(KillPoint.Running)]
    [InlineData(KillPoint.CompletedUntold)]
    [InlineData(KillPoint.ReportInFlight)]
    public async Task Jobs_of_a_killed_silo_complete_once_and_are_executed_once(KillPoint point)
    {
        await using var service = await TestServiceProcess.StartAsync();
        await using var grid = await RecoveryGrid.StartAsync(2, Jobs, _ => OutsideSettings.Of(service.Url));
        var tally = new Tally(point.ToString());
        var random = new Random((int)point);
        for (var round = 0; round < Rounds.Kills; round++)
        {
            await grid.StartMissingAsync();
            var ids = await RoundAsync(point, grid, service, TimeSpan.FromMilliseconds(random.Next(0, 21)));
            var stories = await grid.FinalAsync(point.ToString(), ids, Limit, service);
            if (point == KillPoint.PostLandsLate)
                stories = await FoundAsync(grid, service, ids);
            tally.Add(stories, postOnTheWire: point == KillPoint.PostLandsLate);
            Assert.All(stories, s => Assert.Single(s.Job.Outputs ?? []));
        }

        tally.Print();
        // Else nothing landed late, and the finding of it was not tried.
        Assert.Equal(point == KillPoint.PostLandsLate, tally.Beyond > 0);
    }

    private static async Task<IReadOnlyList<string>> RoundAsync(KillPoint point, RecoveryGrid grid, TestServiceProcess service, TimeSpan delay)
    {
        var gate = point switch
        {
            KillPoint.BeforeSubmission => "health",
            KillPoint.PostLost or KillPoint.PostLandsLate => "post",
            KillPoint.AnswerHeld => "answer",
            KillPoint.Running => "running",
            KillPoint.CompletedUntold => "completed",
            _ => "fetched",
        };
        await service.CommandAsync($"{(gate == "fetched" ? "watch" : "hold")} {gate}");
        var mark = service.Mark();
        var ids = await grid.SubmitAsync(Jobs, new { duration_ms = point == KillPoint.ReportInFlight ? 1_500 : 300, output = "out.txt" });
        if (gate == "fetched")
        {
            await KillAtReportAsync(grid, service, ids, mark, delay);
            await service.CommandAsync("pass fetched");
            return ids;
        }

        // Health is asked for by workers, all else comes with the job that it is about.
        var there = await service.ArrivalsAsync(gate, gate == "health" ? 1 : Jobs, mark, Limit);
        var victim = await VictimAsync(grid, ids);
        var its = new List<string>();
        foreach (var (externalId, jobId) in there.Where(t => t.JobId != "-"))
        {
            if (await grid.PlaceOfAsync(jobId) == victim)
                its.Add(externalId);
        }

        await grid.KillWorkerAsync(victim);
        switch (point)
        {
            case KillPoint.PostLost:
                await service.CommandAsync($"drop post {string.Join(' ', its)}");
                break;
            case KillPoint.PostLandsLate:
                await service.CommandAsync("open post");
                await service.CommandAsync($"pass post {string.Join(' ', there.Select(t => t.ExternalId).Except(its).DefaultIfEmpty("-"))}");
                var late = there.Where(t => its.Contains(t.ExternalId)).Select(t => t.JobId).ToHashSet();
                await Eventually.GetAsync("the successors' posts", Limit, () => Task.FromResult<(object?, string)>(
                    (late.IsSubsetOf(service.Read().Where(e => e.What == "POST").Select(e => e.JobId)) ? late : null, grid.Logs())));
                break;
            case KillPoint.Running:
                await AdoptedAsync(grid, [.. there.Where(t => its.Contains(t.ExternalId)).Select(t => t.JobId)]);
                break;
        }

        await service.CommandAsync($"pass {gate}");
        return ids;
    }

    private static async Task KillAtReportAsync(RecoveryGrid grid, TestServiceProcess service, IReadOnlyList<string> ids, int mark, TimeSpan delay)
    {
        // Who has which job is asked before, so that the kill follows the fetch at once.
        await Eventually.GetAsync("all run", Limit, () => Task.FromResult<(object?, string)>(
            (ids.All(id => service.Executions()[id].Any()) ? ids : null, grid.Logs())));
        var places = new Dictionary<string, int>();
        foreach (var id in ids)
            places[id] = await grid.PlaceOfAsync(id);
        var first = (await service.ArrivalsAsync("fetched", 1, mark, Limit))[0].JobId;
        await Task.Delay(delay, TimeProvider.System);
        await grid.KillWorkerAsync(places[first]);
    }

    private static async Task<int> VictimAsync(RecoveryGrid grid, IReadOnlyList<string> ids) =>
        (int)await Eventually.GetAsync("a job is granted", Limit, async () =>
        {
            foreach (var id in ids)
            {
                if (await grid.PlaceOfAsync(id) is >= 0 and var place)
                    return ((object?)place, "");
            }

            return (null, "no job has a worker");
        });

    private static async Task AdoptedAsync(RecoveryGrid grid, IReadOnlyList<string> jobs) =>
        await Eventually.GetAsync("the running work is adopted", Limit, async () =>
        {
            foreach (var id in jobs)
            {
                var job = await grid.Client.GetJobAsync(id);
                if (job.Status != JobStatus.InProgress || await grid.PlaceOfAsync(id) < 0)
                    return ((object?)null, $"{id} is {job.Status} {job.HeldReason}\n{grid.Logs()}");
            }

            return (jobs, "");
        });

    private static async Task<IReadOnlyList<JobStory>> FoundAsync(RecoveryGrid grid, TestServiceProcess service, IReadOnlyList<string> ids) =>
        await Eventually.GetAsync("what landed late is found", Limit, async () =>
        {
            var stories = await grid.StoriesAsync(ids, service);
            var open = stories.FirstOrDefault(s => s.Beyond > s.StaleSubmits);
            return (open is null ? stories : null, open?.ToString() ?? "");
        });
}
