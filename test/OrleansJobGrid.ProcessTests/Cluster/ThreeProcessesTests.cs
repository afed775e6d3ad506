using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.ProcessTests.Grid;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Redis;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Cluster;

/// <summary>Two <c>up --roles grid,worker</c> and one <c>up --roles gateway</c> on one Redis.</summary>
public sealed class ThreeProcessesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Jobs_and_outputs_flow_through_any_process_and_go_on_when_one_is_killed()
    {
        await using var redis = await RedisServer.StartAsync(RedisServerSettings.Durable);
        var data = Directory.CreateTempSubdirectory("jobgrid-three-").FullName;
        using var effects = new SideEffectLog();
        GridArguments Role(string roles) => new(data) { Redis = redis.Endpoint, Roles = roles, Slots = 2, Environment = effects.Environment };
        await using var first = await GridProcess.UpAsync(Role("grid,worker"));
        await using var second = await GridProcess.UpAsync(Role("grid,worker"));
        await using var gateway = await GridProcess.UpAsync(Role("gateway"));

        // Short jobs and pictures, done by both.
        var photo = await gateway.Client.UploadAsync(Repository.File("docs/samples/photos/02-sea.jpg"));
        var batch = await gateway.Client.SubmitBatchAsync([
            .. Enumerable.Range(0, 40).Select(_ => Simulate(50, effects.Path)),
            .. Enumerable.Range(0, 4).Select(i => Resize(photo.Artefact, $"{i}.jpg")),
        ]);
        var jobs = await CompletedAsync(gateway, [.. batch.Select(b => b.JobId!)]);
        Assert.Equal(2, jobs.Select(j => j.WorkerId).Distinct().Count());
        foreach (var output in jobs.SelectMany(j => j.Outputs ?? []))
        {
            var file = Path.Combine(data, output.Name);
            await gateway.Client.DownloadAsync(output.Artefact, file, output.Sha256);
        }

        // Long jobs on both; one process dies.
        var running = await gateway.Client.SubmitBatchAsync([.. Enumerable.Range(0, 4).Select(_ => Simulate(4_000, effects.Path))]);
        await Eventually.GetAsync("all four run", Limit, () =>
            Task.FromResult<(object?, string)>((effects.Read().Count(e => e.What == "START" && running.Any(r => r.JobId == e.JobId)) >= 4 ? effects : null, "")));
        var victim = (await gateway.Client.GetJobAsync(running[0].JobId!)).WorkerId!;
        var killed = victim.EndsWith($"-{first.Id}", StringComparison.Ordinal) ? first : second;
        var lost = new List<string>();
        foreach (var job in running)
        {
            if ((await gateway.Client.GetJobAsync(job.JobId!)).WorkerId == victim)
                lost.Add(job.JobId!);
        }

        await killed.KillAsync();
        var death = TimeProvider.System.GetTimestamp();
        await Eventually.GetAsync("a lost job runs again", Limit, () =>
            Task.FromResult<(object?, string)>((effects.Read().Any(e => e.What == "START" && e.Epoch > 1 && lost.Contains(e.JobId)) ? effects : null, second.Log)));
        TestContext.Current.SendDiagnosticMessage($"running again {TimeProvider.System.GetElapsedTime(death).TotalSeconds:0.0} s after the kill, of {lost.Count} lost jobs");
        var all = await CompletedAsync(gateway, [.. running.Select(r => r.JobId!)]);

        TestContext.Current.SendDiagnosticMessage(
            $"all four complete {TimeProvider.System.GetElapsedTime(death).TotalSeconds:0.0} s after the kill, the lost ones in epochs {string.Join(", ", all.Where(j => lost.Contains(j.Id)).Select(j => j.Epoch))}");

        // A grant may be taken back on the way, which raises the epoch once more and counts as no attempt.
        Assert.All(all, j => Assert.Equal(1, j.Attempt));
        Assert.All(all, j => Assert.True(lost.Contains(j.Id) ? j.Epoch >= 2 : j.Epoch == 1, $"Job {j.Id} ended in epoch {j.Epoch}; lost: {string.Join(' ', lost)}."));
        Assert.All(effects.Read().GroupBy(e => e), e => Assert.Single(e));
        Assert.All(lost, id => Assert.Equal(all.Single(j => j.Id == id).Epoch, Assert.Single(effects.Read(), e => e.What == "END" && e.JobId == id && e.Epoch > 1).Epoch));
        Assert.DoesNotContain("lost session", killed == first ? second.Log : first.Log, StringComparison.Ordinal);
        var after = await gateway.Client.SubmitBatchAsync([.. Enumerable.Range(0, 10).Select(_ => Simulate(0, effects.Path))]);
        await CompletedAsync(gateway, [.. after.Select(r => r.JobId!)]);
    }

    private static JobSubmission Simulate(int milliseconds, string sideEffectFile) => new()
    {
        ServiceRequired = "simulation",
        Payload = new JsonObject { ["duration_ms"] = milliseconds, ["side_effect_file"] = sideEffectFile },
    };

    private static JobSubmission Resize(string artefact, string output) => new()
    {
        ServiceRequired = "imaging",
        Payload = new JsonObject { ["operation"] = "resize", ["inputs"] = new JsonArray(artefact), ["width"] = 300, ["height"] = 200, ["output"] = output },
    };

    private static async Task<IReadOnlyList<Job>> CompletedAsync(GridProcess gateway, IReadOnlyList<string> ids) =>
        await Eventually.GetAsync($"{ids.Count} jobs complete", Limit, async () =>
        {
            var jobs = await Task.WhenAll(ids.Select(id => gateway.Client.GetJobAsync(id)));
            var open = jobs.Where(j => j.Status != "completed").ToList();
            return open.Count == 0 ? (jobs, "") : ((IReadOnlyList<Job>?)null, $"{open.Count} open, such as {open[0].Id}: {open[0].Status} {open[0].ErrorMessage}");
        });
}
