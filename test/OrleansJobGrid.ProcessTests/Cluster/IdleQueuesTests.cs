using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using OrleansJobGrid.TestKit.Redis;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Cluster;

/// <summary>Queues that wait for work while a silo dies.</summary>
public sealed class IdleQueuesTests
{
    private const int Queues = 16;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The directory's entries that the dead silo held stand for activations elsewhere, which leave then; the claims that wait in them
    /// must not hold that up. With 16 queues some are of that kind.
    /// </summary>
    [Fact]
    public async Task Every_queue_goes_on_when_a_process_is_killed_while_claims_wait()
    {
        await using var redis = await RedisServer.StartAsync(RedisServerSettings.Durable);
        var data = Directory.CreateTempSubdirectory("jobgrid-idle-").FullName;
        GridArguments Role(string roles) => new(data) { Redis = redis.Endpoint, Roles = roles, Slots = 2 };
        await using var first = await GridProcess.UpAsync(Role("grid"));
        await using var second = await GridProcess.UpAsync(Role("grid,worker"));
        await using var gateway = await GridProcess.UpAsync(Role("gateway"));
        await CompletedAsync(gateway, "before the death");
        await Eventually.GetAsync("claims wait at all queues", Limit, async () =>
        {
            var queues = (await gateway.Client.GetQueuesAsync()).Queues;
            return (queues.Count(q => q.WaitingWorkers > 0) >= Queues ? queues : null, string.Join(", ", queues.Select(q => $"{q.Name}: {q.WaitingWorkers}")));
        });

        await first.KillAsync();
        var death = TimeProvider.System.GetTimestamp();
        await CompletedAsync(gateway, "after the death");
        TestContext.Current.SendDiagnosticMessage($"all {Queues} queues went on {TimeProvider.System.GetElapsedTime(death).TotalSeconds:0.0} s after the kill");
        Assert.DoesNotContain("lost session", second.Log, StringComparison.Ordinal);
    }

    private static async Task CompletedAsync(GridProcess gateway, string phase)
    {
        var started = TimeProvider.System.GetTimestamp();
        // What the dead silo was to take in is answered with an error, and sent again with the same key.
        var batch = await Eventually.GetAsync($"{phase}: all jobs are taken", Limit, async () =>
        {
            var results = await gateway.Client.SubmitBatchAsync(
                [.. Enumerable.Range(0, Queues).Select(n => new JobSubmission { ServiceRequired = "simulation", Queue = $"q{n}", Payload = new JsonObject { ["duration_ms"] = 0 } })],
                phase.Replace(' ', '-'));
            return (results.All(r => r.Success) ? results : null, results.FirstOrDefault(r => !r.Success)?.ErrorMessage ?? "");
        });
        var done = new List<string>();
        await Eventually.GetAsync($"{phase}: every queue's job completes", Limit, async () =>
        {
            var jobs = await Task.WhenAll(batch.Select(b => gateway.Client.GetJobAsync(b.JobId!)));
            foreach (var job in jobs.Where(j => j.Status == "completed" && !done.Contains(j.Queue!)))
            {
                done.Add(job.Queue!);
                TestContext.Current.SendDiagnosticMessage($"{phase}: {job.Queue} after {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s, epoch {job.Epoch}");
            }

            return (done.Count == Queues ? done : null, $"done: {string.Join(' ', done)}");
        });
    }
}
