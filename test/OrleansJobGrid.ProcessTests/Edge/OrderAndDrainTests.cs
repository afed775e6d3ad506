using System.Text.Json.Nodes;
using OrleansJobGrid.Client;
using OrleansJobGrid.TestKit.Grid;
using Xunit;

namespace OrleansJobGrid.ProcessTests.Edge;

public sealed class OrderAndDrainTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("jobgrid-order-").FullName;
    private readonly SideEffectLog _effects = new();

    public void Dispose()
    {
        _effects.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A long job holds the one slot while the others come in, from a batch and one by one.</summary>
    [Fact]
    public async Task One_slot_runs_1000_jobs_by_level_and_within_a_level_as_they_were_submitted()
    {
        await using var grid = await GridProcess.UpAsync(new(_folder) { Slots = 1, Environment = _effects.Environment });
        await grid.Client.SubmitAsync(Simulate(8_000, 100));
        await Eventually.GetAsync("the slot is held", Limit, () => Task.FromResult<(object?, string)>((_effects.Read().Count > 0 ? _effects : null, "")));
        var random = new Random(7);
        var submitted = new List<(string Id, int Priority)>();
        var batch = Enumerable.Range(0, 800).Select(_ => Simulate(0, random.Next(0, 5) * 25)).ToList();
        var results = await grid.Client.SubmitBatchAsync(batch);
        submitted.AddRange(results.Select(r => (r.JobId!, batch[r.Index].Priority!.Value)));
        for (var i = 0; i < 200; i++)
        {
            var job = Simulate(0, random.Next(0, 5) * 25);
            submitted.Add(((await grid.Client.SubmitAsync(job)).JobId, job.Priority!.Value));
        }

        var started = await Eventually.GetAsync("all ran", Limit, () =>
        {
            List<string> order = [.. _effects.Read().Where(e => e.What == "START").Select(e => e.JobId).Skip(1)];
            return Task.FromResult((order.Count == submitted.Count ? order : null, $"{order.Count} ran"));
        });
        Assert.Equal(submitted.OrderByDescending(s => s.Priority).Select(s => s.Id), started);
    }

    [Fact]
    public async Task Sigterm_lets_running_jobs_end_and_hands_the_rest_to_the_next_process()
    {
        var arguments = new GridArguments(_folder) { Slots = 2, Environment = _effects.Environment };
        var ids = new List<string>();
        await using (var grid = await GridProcess.UpAsync(arguments))
        {
            for (var i = 0; i < 6; i++)
                ids.Add((await grid.Client.SubmitAsync(Simulate(1_500, 50))).JobId);
            await Eventually.GetAsync("two run", Limit, () => Task.FromResult<(object?, string)>((_effects.Read().Count >= 2 ? _effects : null, "")));
            Assert.Equal(0, await grid.TerminateAsync());
        }

        var before = _effects.Read();
        Assert.Equal(before.Count(e => e.What == "START"), before.Count(e => e.What == "END"));
        Assert.InRange(before.Count(e => e.What == "END"), 2, 4);
        await using var next = await GridProcess.UpAsync(arguments);
        foreach (var id in ids)
        {
            var job = await Eventually.GetAsync($"job {id} completes", Limit, async () =>
            {
                var now = await next.Client.GetJobAsync(id);
                return (now.Status == "completed" ? now : null, now.Status);
            });
            Assert.Equal((1, 1L), (job.Attempt, job.Epoch));
        }
    }

    private JobSubmission Simulate(int milliseconds, int priority) => new()
    {
        ServiceRequired = "simulation",
        Priority = priority,
        Payload = new JsonObject { ["duration_ms"] = milliseconds, ["side_effect_file"] = _effects.Path },
    };
}
